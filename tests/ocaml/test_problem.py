"""Inlining as a decision process: agendas, masks, costs, text, in the simulator."""

from __future__ import annotations

import math
import pickle
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.core.problem import BackendError, IllegalAction, UnknownInstance
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backends.sim import Simulator
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.env import make_problem
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.interpreter import run
from gymcc.envs.ocaml.problem import OcamlInline
from gymcc.envs.ocaml.state import InlineState

SITE, TREE = make_problem(), make_problem(mode="tree")
TERNARY = make_problem(mode="tree", rules="flambda")
PROBLEMS = {"site": SITE, "tree": TREE, "ternary": TERNARY}
NAMES = ("bits", "church", "quaternions", "gen/3", "gen/12")

NESTED = """
let one x = x + 1
let two x = one (one x)
let three x = two x * 2
let () = for i = 1 to 100 do print_int (three i) done
"""


def walk(problem: OcamlInline, instance: str, choices) -> list[InlineState]:
    states = [problem.initial(instance)]
    for choice in choices:
        legal = np.flatnonzero(problem.legal(states[-1]))
        if not len(legal):
            break
        states.append(problem.apply(states[-1], int(legal[choice % len(legal)])))
    return states


@pytest.fixture
def nested(tmp_path):
    path = tmp_path / "nested.ml"
    path.write_text(NESTED)

    def make(**options):
        return make_problem(program=str(path), **options)

    return make


# What is decided, in which order


def test_site_mode_decides_each_call_once_in_the_order_of_the_source():
    for name in shipped()[SHIPPED]:
        states = walk(SITE, name, [1] * 1000)
        paths = [path for path, _ in states[-1].decisions]
        assert paths == list(states[0].agenda)
        assert [len(path) for path in paths] == [1] * len(paths)
        assert paths == sorted(paths)
        assert SITE.is_terminal(states[-1])


def test_calls_without_a_choice_are_skipped():
    backend = SITE.backend("bdd")
    offered = {path[0] for path in SITE.initial("bdd").agenda}
    kinds = {site.id: site.kind for site in backend.sites}
    assert all(kinds[site] == "direct" for site in offered)
    recursive = [site.id for site in backend.sites if site.kind == "self"]
    assert recursive
    assert not offered.intersection(recursive)


def test_tree_mode_opens_the_calls_of_a_copied_body_depth_first(nested):
    problem = nested(mode="tree")
    state = problem.initial("own/nested")
    sites = {(site.name, site.line): site.id for site in problem.backend("own/nested").sites}
    inner, outer, last = 0, sites["two", 4], sites["three", 5]
    assert state.agenda == ((inner,), (1,), (outer,), (last,))
    for action in (Action.NEVER, Action.NEVER):
        state = problem.apply(state, action)
    assert problem.apply(state, Action.INLINE).agenda == ((outer, 0), (outer, 1), (last,))
    state = problem.apply(state, Action.NEVER)
    state = problem.apply(state, Action.INLINE)
    assert state.agenda == ((last, outer),)
    state = problem.apply(state, Action.INLINE)
    assert state.agenda == ((last, outer, 0), (last, outer, 1))
    state = problem.apply(state, Action.NEVER)
    assert state.path == (last, outer, 1)
    assert problem.is_terminal(problem.apply(state, Action.INLINE))


def test_decisions_on_paths_reach_programs_that_decisions_on_sites_cannot(nested):
    """The two calls in one copied body are decided each for itself, and those in its own function otherwise."""
    tree = nested(mode="tree")
    state = tree.initial("own/nested")
    for action in (Action.NEVER, Action.NEVER, Action.NEVER, Action.INLINE, Action.INLINE, Action.INLINE):
        state = tree.apply(state, action)
    one, both = (tree.price(tree.apply(state, action)) for action in (Action.NEVER, Action.INLINE))
    site = nested()
    found = [site.price(walk(site, "own/nested", choices)[-1]) for choices in product((0, 1), repeat=4)]
    assert both.cost < one.cost
    assert (both.cost, both.text) not in {(each.cost, each.text) for each in found}


def test_paths_that_are_too_long_and_too_many_copies_leave_never_alone(nested):
    problem = nested(mode="tree", max_depth=1)
    state = problem.initial("own/nested")
    for action in (Action.NEVER, Action.NEVER, Action.NEVER, Action.INLINE):
        state = problem.apply(state, action)
    assert len(state.path) == 2
    assert problem.allowed(state) == {Action.NEVER}
    assert "longer than 1" in problem.why_illegal(state, Action.INLINE)
    problem = nested(mode="tree", max_nodes=1)
    state = problem.initial("own/nested")
    for action in (Action.INLINE, Action.INLINE):  # what they call calls nothing
        state = problem.apply(state, action)
    assert problem.allowed(state) == {Action.NEVER}  # it would open two


@settings(max_examples=25)
@given(st.sampled_from(NAMES), st.lists(st.integers(0, 5), max_size=400))
def test_the_tree_stays_within_its_limits(name, choices):
    problem = make_problem(mode="tree", max_depth=3, max_nodes=20)
    last = walk(problem, name, choices)[-1]
    assert last.opened <= 20
    assert all(len(path) <= 3 for path, action in last.decisions if action is Action.INLINE)
    assert len({path for path, _ in last.decisions} | set(last.agenda)) == len(last.decisions) + len(last.agenda)


def test_closure_mode_is_binary_and_flambda_ternary():
    assert SITE.legal(SITE.initial("bits")).tolist() == [False, True, True]
    assert TERNARY.legal(TERNARY.initial("bits")).tolist() == [True, True, True]
    assert "no default of its own" in SITE.why_illegal(SITE.initial("bits"), Action.DEFAULT)
    with pytest.raises(IllegalAction, match="no default of its own"):
        SITE.apply(SITE.initial("bits"), Action.DEFAULT)


# What it costs


@pytest.mark.parametrize("name", NAMES)
def test_the_start_costs_one_and_so_does_what_the_compiler_does_unasked(name):
    for problem in PROBLEMS.values():
        assert problem.cost(problem.initial(name)) == 1
        assert problem.heuristic_cost(name) == pytest.approx(1, abs=1e-12)


@settings(max_examples=25)
@given(st.sampled_from(NAMES), st.lists(st.integers(0, 5), max_size=60), st.floats(0, 1))
def test_the_logarithm_of_the_cost_is_that_of_the_issue(name, choices, weight):
    problem = make_problem(size_weight=weight)
    state = walk(problem, name, choices)[-1]
    found, default = problem.price(state), problem.backend(name).baseline
    expected = math.log(found.cost / default.cost) + weight * max(0, math.log(found.text / default.text))
    assert math.log(problem.cost(state)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@settings(max_examples=12)
@given(st.sampled_from(NAMES), st.lists(st.integers(0, 5), max_size=60))
def test_decided_programs_print_what_they_did(problem, name, choices):
    state = walk(problem, name, choices)[-1]
    problem.check_semantics(state, 0)
    printed = parse_program(problem.listing(state), "decided")
    assert run(printed).output == problem.backend(name).model.recording.output


def test_another_output_is_noticed():
    state = walk(SITE, "bits", [0] * 30)[-1]
    simulator = Simulator(SITE.listing(state), "bits")
    simulator.model.recording = Simulator("let () = print_int 1", "other").model.recording
    with pytest.raises(BackendError, match="prints something else"):
        simulator.check({})


def test_decisions_that_say_what_the_compiler_does_anyway_cost_nothing():
    for name in NAMES:
        state = SITE.initial(name)
        backend = SITE.backend(name)
        while state.path is not None:
            state = SITE.apply(state, backend.default(state.path[-1]))
            assert SITE.cost(state) == pytest.approx(1, abs=1e-12)


def test_what_is_refused_is_said():
    source = "let rec f x = if x > 3 then 1 else f (x + 1) + f (x + 2) let () = print_int (f 1)"
    simulator = Simulator(source, "refused")
    figures = simulator.cost({(0,): Action.INLINE, (2,): Action.INLINE})
    assert (0,) in figures.refused
    assert (2,) not in figures.refused
    with pytest.raises(ValueError, match="no path"):
        simulator.cost({(7,): Action.INLINE})
    with pytest.raises(ValueError, match="is no path: "):
        simulator.legal((2, 2))


def test_baselines_do_what_they_say():
    rules = SITE.rules()
    assert {"never", "always", "flips", "flambda"} <= set(rules)
    for name in ("bits", "gen/3"):
        agenda = SITE.initial(name).agenda

        def price(actions, name=name):
            return SITE.cost(walk_actions(SITE, name, actions))

        assert rules["never"](name, price, Random(0))[0] == [Action.NEVER] * len(agenda)
        assert rules["always"](name, price, Random(0))[0] == [Action.INLINE] * len(agenda)
        flips = rules["flips"](name, price, Random(0))[0]
        assert price(flips) <= 1
        for at in range(len(flips)):
            other = [*flips[:at], 3 - flips[at], *flips[at + 1 :]]
            assert price(other) >= price(flips)


def walk_actions(problem, name, actions):
    state = problem.initial(name)
    for action in actions:
        state = problem.apply(state, int(action))
    return state


# Facts, text, copies


def test_the_best_known_decisions_are_at_least_as_good_as_the_compilers():
    for problem in (SITE, TREE):
        for name in shipped()[SHIPPED]:
            facts = problem.facts(name)
            assert facts["heuristic_cost"] == pytest.approx(1, abs=1e-12)
            assert facts["best_known_cost"] <= 1
            solution = problem.solution(name)
            assert problem.is_terminal(walk_actions(problem, name, solution))
            assert problem.cost(walk_actions(problem, name, solution)) == facts["best_known_cost"]
    proven = [name for name in shipped()[SHIPPED] if SITE.facts(name)["best_proven"]]
    assert len(proven) >= 4


def test_labels_are_not_given_where_they_do_not_hold():
    for problem in (TERNARY, make_problem(size_weight=0.5), make_problem(mode="tree", max_depth=2)):
        assert math.isnan(problem.facts("bits")["best_known_cost"])
        assert problem.solution("bits") is None


def test_proven_best_is_best():
    (name, *_) = [each for each in ("church", "dispatch", "strings_hash") if SITE.facts(each)["best_proven"]]
    agenda = SITE.initial(name).agenda
    costs = (
        SITE.cost(walk_actions(SITE, name, actions))
        for actions in product((Action.INLINE, Action.NEVER), repeat=len(agenda))
    )
    assert min(costs) == SITE.facts(name)["best_known_cost"]


@settings(max_examples=30)
@given(st.sampled_from(sorted(PROBLEMS)), st.sampled_from(NAMES), st.lists(st.integers(0, 5), max_size=60))
def test_states_read_back(kind, name, choices):
    problem = PROBLEMS[kind]
    for state in walk(problem, name, choices):
        text = problem.encode(state)
        assert problem.decode(text) == state
        assert pickle.loads(pickle.dumps(state)) == state


@pytest.mark.parametrize("text", ["", "bits", "bits x", "bits iiiiiiiiiiiiiiiiiiiiiiiiiiii", "nothing i", "bits dddd"])
def test_what_is_no_state_is_refused(text):
    with pytest.raises(ValueError, match=r"state|unknown"):
        SITE.decode(text)


def test_a_state_is_shown_as_a_tree():
    state = walk(TREE, "quaternions", [0] * 6)[-1]
    shown = TREE.show(state)
    assert "6 decided" in shown
    assert "inline" in shown
    assert shown.rstrip().endswith("?")


@pytest.mark.parametrize("instance", ["nothing", "gen/-1", "gen/01", "gen/x", "../../etc", "own/bits", ""])
def test_unknown_programs_are_named(instance):
    with pytest.raises(UnknownInstance, match="unknown program"):
        SITE.initial(instance)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "bytecode"}, "sim, closure, flambda"),
        ({"mode": "path"}, "site, tree"),
        ({"dataset": "ocaml/none"}, "ocaml/programs, ocaml/generated"),
        ({"rules": "gcc"}, "closure, flambda"),
        ({"size_weight": -1}, "size_weight is a number"),
        ({"max_depth": 0}, "max_depth is a whole number"),
        ({"max_nodes": 1.5}, "max_nodes is a whole number"),
        ({"program": "/nowhere.ml"}, "no program /nowhere.ml"),
        ({"stdin": "x"}, "for a real back end"),
        ({"split_seed": "x"}, "split_seed is a whole number"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(ValueError, match=said):
        make_problem(**options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("let f x = x\nlet () = try print_int 1 with _ -> ()", "line 2, column 9: .*the simulator takes a subset"),
        ("let f x = x +. 1\nlet () = ()", "line 1"),
        ("let rec f x = f (x + 1)\nlet () = f 0", "ran longer"),
        ("let () = print_int 1", "nothing to decide"),
        ("let a = [| 1 |]\nlet f i = a.(i)\nlet () = print_int (f 1)", "line 2"),
    ],
)
def test_programs_outside_of_the_subset_are_refused_with_their_place(text, said, tmp_path, monkeypatch):
    monkeypatch.setattr("gymcc.envs.ocaml.compilers.FUEL", 10_000)
    path = tmp_path / "own.ml"
    path.write_text(text)
    problem = make_problem(program=str(path))
    with pytest.raises(UnknownInstance, match=said):
        problem.initial("own/own")


def test_ones_own_programs_are_found_in_files_and_folders(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.ml").write_text(NESTED)
    assert list(make_problem(dataset=str(tmp_path)).datasets["ocaml/own"]) == ["own/a", "own/b"]
    assert list(make_problem(dataset=str(tmp_path / "a.ml")).datasets["ocaml/own"]) == ["own/a"]
    folder = make_problem(program=str(tmp_path))
    with pytest.raises(UnknownInstance, match=r"one \.ml file, found a\.ml, b\.ml"):
        folder.initial(f"own/{tmp_path.stem}")
    (tmp_path / "b.ml").unlink()
    assert len(folder.initial(f"own/{tmp_path.stem}").agenda) == 4
    with pytest.raises(ValueError, match="holds no programs"):
        make_problem(dataset=str(tmp_path / "empty")) if (tmp_path / "empty").mkdir() is None else None


def test_a_problem_can_be_copied_to_another_process():
    again = pickle.loads(pickle.dumps(TREE))
    state = walk(TREE, "gen/3", [0, 1, 0])[-1]
    assert again.cost(state) == TREE.cost(state)
    assert again.legal(state).tolist() == TREE.legal(state).tolist()
