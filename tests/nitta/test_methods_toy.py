"""The methods on drawn trees, against definitions written down anew."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.methods import METHODS, Explorer, Limit, is_success, synthesise
from gymcc.envs.nitta.methods.best_first import dropped, top_down_by_score
from tests.nitta.toy import ToyNode, below

SEEDS = st.integers(0, 2**32)
SAMPLERS = ["randomDescents", "weightedDescents", "noisyGreedy", "refactorFirst", "mixedDescents"]
REFACTORINGS = ("BreakLoop", "OptimizeAccum")


def positive(node):
    return [child for child in node.children if child.option.score > 0]


def greedy(node):
    while children := positive(node):
        top = max(child.option.score for child in children)
        node = [child for child in children if child.option.score == top][-1]
    return node


def best(node, ends):
    good = [end for end in ends if end.is_leaf and end.is_complete]
    return next((e for e in good if e.duration == min(g.duration for g in good)), None) or (ends[0] if ends else node)


def simple(node):
    return best(node, [greedy(child) for child in positive(node)])


def worst_first(node):
    while kids := [c for c in positive(node) if c.option.decision.kind in ("SingleBind", *REFACTORINGS)]:
        node = next(c for c in kids if c.option.score == min(k.option.score for k in kids))
    return node


def smart(node):
    while True:
        children = positive(node)
        refactorings = [c for c in children if c.option.decision.kind in REFACTORINGS]
        binds = [c for c in children if c.option.decision.kind == "SingleBind"]
        if refactorings:
            node = refactorings[0]
        elif binds:
            node = [c for c in binds if c.option.score == max(b.option.score for b in binds)][-1]
        else:
            return node


def groups(node):
    while obvious := [c for c in positive(node) if c.option.metrics.get("pOnlyObviousBinds")]:
        node = obvious[0]
    return best(node, [greedy(c) for c in positive(node) if c.option.decision.kind == "GroupBind"])


ORACLES = {
    "bestThread": greedy,
    "allBestThreads0": greedy,
    "allBestThreads1": simple,
    "allBestThreads2": lambda node: best(node, [simple(child) for child in positive(node)]),
    "simpleSynthesis": simple,
    "obviousBindThread": lambda node: node,
    "allBindsAndRefs": worst_first,
    "allBindsAndRefs+bestThread": lambda node: greedy(worst_first(node)),
    "smartBindSynthesis": lambda node: simple(smart(node)),
    "obviousGroupBinds+tryAllGroupBinds": groups,
    "noSynthesis": lambda node: node,
    "stateOfTheArt": lambda node: best(
        node, [simple(node), simple(smart(node)), greedy(node), greedy(worst_first(node)), groups(node)]
    ),
}


@pytest.mark.parametrize("method", ORACLES)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_methods_against_their_definitions(method, seed):
    root = ToyNode(seed)
    found = synthesise(root, method)
    assert found.node == ORACLES[method](root)
    assert found.ended == "done"
    assert found.evaluations <= sum(1 for _ in below(root))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, method=st.sampled_from([*ORACLES, *SAMPLERS, "topDownByScore"]), limit=st.integers(1, 30))
def test_limits_curves_and_crashes(seed, method, limit):
    root = ToyNode(seed, crash_share=0.1)
    found = synthesise(root, method, Limit(evaluations=limit))
    assert found.evaluations <= limit
    durations = [duration for _, _, duration in found.curve]
    assert all(later < earlier for earlier, later in pairwise(durations))
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(found.curve))
    assert not found.curve or found.curve[-1][0] <= found.evaluations
    if found.ended != "done":
        assert found.node.duration == durations[-1] if durations else found.node == root
    crashes = [node for node in below(root) if node.crashed]
    assert crashes or found.ended != "crash"


@pytest.mark.parametrize("method", SAMPLERS)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_samplers_find_the_best_of_a_small_tree_and_are_seeded(method, seed):
    root = ToyNode(seed, depth_limit=3, crash_share=0.05)
    ends = [node.duration for node in below(root) if is_success(node)]
    found = synthesise(root, method, Limit(evaluations=10_000), seed=seed)
    assert found.evaluations <= len(list(below(root)))
    if method == "randomDescents":
        assert found.complete == bool(ends)
        assert not ends or found.node.duration == min(ends)
    again = synthesise(ToyNode(seed, depth_limit=3, crash_share=0.05), method, Limit(evaluations=10_000), seed=seed)
    assert (again.node.sid, again.evaluations) == (found.node.sid, found.evaluations)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_top_down_ends_at_a_schedule_or_has_nowhere_to_go(seed):
    explorer = Explorer()
    root = ToyNode(seed)
    end = top_down_by_score(explorer, root)
    reachable = {root.sid} | {n.sid for n in below(root) if n.parent and n.option.score > 0}
    assert end.sid in reachable
    assert (explorer.best is end) == is_success(end)


def test_top_down_prefers_the_greater_score_and_the_deeper_node():
    explorer = Explorer()
    root = ToyNode(5)
    top_down_by_score(explorer, root, base=1.0)
    first = max(positive(root), key=lambda child: child.option.score)
    assert list(explorer._known)[1] == first.sid


def test_the_table_is_complete():
    assert {name.split("+")[0].rstrip("0123456789") for name in ORACLES} <= set(METHODS)


@pytest.mark.parametrize(
    ("step", "nodes"), [(0, 1), (4_999, 1), (5_000, 2), (14_999, 2), (15_001, 3), (20_000, 3), (500_000, 3)]
)
def test_top_down_forgets_more_as_time_goes_by(step, nodes):
    assert dropped(step) == nodes
