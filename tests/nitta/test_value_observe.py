"""What the guide sees: complete, finite, without building a state, and true."""

from random import Random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.nitta_value.observe import AT, COLUMNS, Observer, remaining
from gymcc.agents.nitta_value.same import canonical
from gymcc.agents.nitta_value.tails import DIVIDER_LATENCY, LATENCY, tails
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.tree import Node, open_tree
from tests.nitta.recorded import DATA, results

NAMES = sorted(results())
WALKS = settings(max_examples=20, deadline=None)


def tree(name):
    return open_tree(compile_lua((DATA / "programs" / f"{name}.lua").read_text(), name))


def walked(name, seed, steps):
    """A node some random steps below the root, none that crashed."""
    node, random = tree(name), Random(seed)
    for _ in range(steps):
        children = [child for child in node.children if not child.crashed]
        if not children:
            break
        node = random.choice(children)
    return node


places = given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32), steps=st.integers(0, 40))


@WALKS
@places
def test_rows_are_finite_and_say_what_the_options_are(name, seed, steps):
    node = walked(name, seed, steps)
    rows = Observer().rows(node)
    assert rows.shape == (len(node.options), len(COLUMNS))
    assert np.isfinite(rows).all()
    assert np.abs(rows).max(initial=0) < 100
    for row, option in zip(rows, node.options, strict=True):
        assert row[AT[f"is_{option.kind}"]] == 1
        assert sum(row[AT[name]] for name in COLUMNS if name.startswith("is_")) == 1
        if "pWaitTime" in option.metrics:
            assert row[AT["wait"]] * 4 == pytest.approx(min(12, option.decision.tick - node.state.bus_next))
            assert row[AT["sent"]] * 2 == len(option.decision.targets)


@WALKS
@places
def test_what_is_unsent_is_what_no_transport_carried(name, seed, steps):
    node = walked(name, seed, steps)
    carried = {variable for t in node.schedule().transports for _, variable in t.targets}
    functions = node.state.algorithm.functions
    open_groups = [g for f in functions for g in f.outputs if set(g) - carried]
    assert remaining(node) == len(open_groups) + 1
    rows = Observer().rows(node)
    if len(rows):
        assert rows[0][AT["unsent"]] * 20 == pytest.approx(len(node.state.algorithm.variables) - node.state.sent)


def test_looking_builds_no_state(monkeypatch):
    node = walked("biquad", 5, 12)
    assert node.options
    monkeypatch.setattr(Node, "child", lambda self, index: pytest.fail("a child was built"))
    Observer().rows(node)


@pytest.mark.parametrize("name", NAMES)
def test_tails_are_the_longest_chains(name):
    graph = tree(name).state.algorithm
    chains = nx.DiGraph()
    chains.add_nodes_from(graph.variables)
    for function in graph.functions:
        if function.kind in (Kind.LOOP, Kind.SEND):
            continue
        ticks = DIVIDER_LATENCY if function.kind is Kind.DIVISION else LATENCY
        if function.kind in (Kind.SHIFT_LEFT, Kind.SHIFT_RIGHT):
            ticks = 3 + 2 * (function.detail // 8 + function.detail % 8)
        for taken in function.inputs:
            chains.add_weighted_edges_from((taken, given, ticks) for given in function.produced)
    found = tails(graph)
    for variable in graph.variables:
        reached = nx.descendants(chains, variable) | {variable}
        assert found[variable] == nx.dag_longest_path_length(chains.subgraph(reached))


def test_a_schedule_lasts_at_least_as_long_as_its_tails():
    for name in NAMES:
        for walk_seed in range(3):
            node = walked(name, walk_seed, 200)
            if node.is_complete:
                first = node.schedule().transports[0]
                longest = max(tails(node.state.algorithm)[v] for _, v in first.targets)
                assert node.duration >= first.tick + longest


def futures(state: Synthesis, depth: int):
    """The options of a state and of what lies behind them, as sets: orders and ids aside."""
    root = Node("-", None, None, "off")
    root.__dict__["state"] = state
    return _below(root, depth)


def _below(node: Node, depth: int):
    if depth == 0 or node.crashed:
        return node.crashed
    return frozenset((_told(o, node.state), o.score, _below(c, depth - 1)) for o, c in _pairs(node))


def _pairs(node):
    return zip(node.options, node.children, strict=True)


def _told(option, state):
    return str(sorted(str(option.decision.view(state)))) + str(option.kind)


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(["swap2", "fir3", "digits", "clamp", "cmul"]), seed=st.integers(0, 2**32))
def test_two_binds_in_either_order_are_the_same_and_have_the_same_futures(name, seed):
    random = Random(seed)
    node = walked(name, seed, random.randrange(6))
    binds = [o.decision for o in node.options if o.kind == "SingleBind"]
    pairs = [(a, b) for a in binds for b in binds if a.function != b.function]
    if not pairs:
        return
    first, second = random.choice(pairs)
    if not node.state.units[second.at].accepts(second.function):
        return
    one = first.apply(node.state)
    if not one.units[second.at].accepts(second.function):
        return
    one, other = second.apply(one), first.apply(second.apply(node.state))
    assert canonical(one) == canonical(other)
    assert futures(one, 2) == futures(other, 2)


@WALKS
@places
def test_states_with_other_futures_are_told_apart(name, seed, steps):
    node = walked(name, seed, steps)
    keys = {}
    for child in node.children:
        if not child.crashed:
            keys.setdefault(canonical(child.state), set()).add(child.duration)
    assert all(len(durations) == 1 for durations in keys.values())
    dataflow = [c for c, o in zip(node.children, node.options, strict=True) if o.kind == "DataflowDecision"]
    alive = [c for c in dataflow if not c.crashed]
    assert len({canonical(c.state) for c in alive}) == len(alive)


def test_the_columns_are_named_once():
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert Library().program("tiny/echo")
