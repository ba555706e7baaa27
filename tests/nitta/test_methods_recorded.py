"""NITTA's methods on recorded traces: wherever a real server's trace goes far enough, they must end where it did."""

import pytest

from gymcc.envs.nitta.methods import Explorer, Limit, LimitReached, SynthesisCrashed, resolve, synthesise, threads
from gymcc.envs.nitta.methods.best_first import dropped
from gymcc.envs.nitta.methods.sampling import weights
from tests.nitta.recorded import NotRecorded, RecordedNode, results, walks

PROGRAMS = sorted(results())
FLAGS = ("sid", "steps", "duration", "isTerminal", "isFinish")
PATHS = ["bestThread", "allBindsAndRefs", "allBindsAndRefs+bestThread", "obviousBindThread"]


@pytest.mark.parametrize("method", PATHS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_thread_ends_where_the_server_ended(name, method):
    recorded = results()[name]["methods"][method]
    root = RecordedNode.load(name)
    try:
        found = synthesise(root, method)
    except NotRecorded:
        assert recorded["sid"] not in [walk["seed"] for walk in walks(name, "path")]
        pytest.skip("the trace does not follow this method")
    assert {key: found.row()[key] for key in FLAGS} == {key: recorded[key] for key in FLAGS}


@pytest.mark.parametrize("name", PROGRAMS)
def test_smart_bind_takes_the_recorded_way_while_it_binds(name):
    sid = results()[name]["methods"]["smartBindSynthesis"]["sid"]
    root = RecordedNode.load(name)
    if sid not in [walk["seed"] for walk in walks(name, "path")]:
        pytest.skip("the trace does not follow this method")
    end = threads.smart_bind_thread(Explorer(), root)
    assert f"{sid}-".startswith(f"{end.sid}-")
    kinds = {option.decision.kind for option in end.options if option.score > 0}
    assert not kinds & {"SingleBind", *threads.REFACTORINGS}


@pytest.mark.parametrize("name", PROGRAMS)
def test_recorded_walks_replay(name):
    root = RecordedNode.load(name)
    for walk in walks(name, "greedy", "path", "uniform", "weighted", "biased"):
        node = root
        for index in walk["path"]:
            node = node.children[index]
        assert node.duration == walk["duration"]
        assert (node.is_leaf and node.is_complete) == (walk["end"] == "success")
        assert root.at(node.sid) == node


def test_best_step_is_the_first_of_the_best_thread():
    root = RecordedNode.load("fir3")
    first = results()["fir3"]["methods"]["bestThread"]["sid"].split("-")[1]
    assert synthesise(root, "bestStep").node.sid == f"-{first}"
    end = synthesise(root, "bestThread").node
    with pytest.raises(ValueError, match="no option with a positive score"):
        synthesise(end, "bestStep")


def test_evaluations_are_nodes_whose_options_were_listed():
    root = RecordedNode.load("swap2")
    found = synthesise(root, "bestThread")
    assert found.evaluations == found.steps + 1
    assert found.curve == ((found.evaluations, found.curve[0][1], float(found.node.duration)),)
    again = synthesise(root, "bestThread+bestThread+bestThread")  # from its own end it has nowhere to go
    assert (again.node, again.evaluations) == (found.node, found.evaluations)


@pytest.mark.parametrize("limit", range(1, 9))
def test_a_limit_ends_a_method(limit):
    root = RecordedNode.load("swap2")
    found = synthesise(root, "bestThread", Limit(evaluations=limit))
    assert (found.ended, found.evaluations, found.node, found.complete) == ("limit", limit, root, False)
    assert synthesise(root, "bestThread", Limit(evaluations=9)).ended == "done"


def test_a_time_limit_ends_a_method():
    ticks = iter(range(1000))
    explorer = Explorer(Limit(seconds=5), clock=lambda: float(next(ticks)))
    with pytest.raises(LimitReached):
        threads.best_thread(explorer, RecordedNode.load("fir3"))
    assert 0 < explorer.evaluations <= 5


def test_a_node_on_which_nitta_raises_ends_a_method_as_it_does_there():
    crashed = RecordedNode.load("digits").at("-0-0-0-0-1-2-2-1-0")
    assert crashed.crashed
    with pytest.raises(SynthesisCrashed):
        threads.best_thread(Explorer(), crashed)
    assert synthesise(crashed, "bestThread").ended == "crash"


def test_a_models_scores_take_the_place_of_nittas():
    root = RecordedNode.load("swap2")
    reversed_greedy = synthesise(root, "bestThread", scores=lambda node: [-o.score for o in node.options])
    assert reversed_greedy.node == root  # none is positive


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("best", "unknown synthesis method 'best'; allowed: stateOfTheArt"),
        ("", "unknown synthesis method ''"),
        ("bestThread+", "unknown synthesis method ''"),
        ("allBestThreads9", "levels, 0 to 4"),
        ("allBestThreads1.5", "levels, 0 to 4"),
        ("topDownByScore0.5", "a base of at least 1"),
        ("bestThread2", "allBestThreads takes levels"),
    ],
)
def test_an_unknown_method_is_told(text, complaint):
    with pytest.raises(ValueError, match=complaint.replace("+", r"\+")):
        resolve(text)


def test_what_draws_at_random_needs_a_limit():
    with pytest.raises(ValueError, match="give evaluations, seconds or both"):
        synthesise(RecordedNode.load("swap2"), "bestThread+randomDescents")


def test_all_best_threads_0_is_the_best_thread():
    root = RecordedNode.load("cmul")
    assert synthesise(root, "allBestThreads0").node == synthesise(root, "bestThread").node


def test_arguments_of_equal_score_are_told_apart_as_nitta_does():
    nodes = [(1.0, "a"), (2.0, "b"), (2.0, "c"), (1.0, "d")]
    assert threads.greatest(nodes) == "c"
    assert threads.least(nodes) == "a"


def test_top_down_drops_more_as_time_goes_by():
    assert [dropped(step) for step in (0, 2499, 2500, 5000, 10_000, 20_000, 50_000)] == [1, 1, 1, 2, 2, 3, 3]


def test_weights_are_those_of_the_crawler():
    assert weights([2000, -3000, 7000]) == [1.0, 0.0, 8.0]
    assert weights([-9000, -3000]) == [1.0, 1.0]
