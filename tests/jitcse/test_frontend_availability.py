"""Definitions, uses and calls between them, against walks over the graph of all nodes."""

from __future__ import annotations

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import Op
from tests.jitcse.test_frontend_methods import call, i, method, methods, mul, straight, take

TREE = mul(i(2), i(3))


def only(found):
    (candidate,) = analyse(found).candidates
    return candidate


def defines(found):
    """Per tree of the only candidate, its block and whether it defines."""
    return [(each.block, each.is_def) for each in only(found).occurrences]


def test_computed_in_one_arm_it_is_not_available_after():
    found = method(([t.branch(i(4))], (1, 2)), ([take(TREE)], (2,)), ([take(TREE)], ()))
    assert defines(found) == [(1, True), (2, True)]


def test_computed_in_both_arms_it_is_available_after():
    found = method(([t.branch(i(4))], (1, 2)), ([take(TREE)], (3,)), ([take(TREE)], (3,)), ([take(TREE)], ()))
    assert defines(found) == [(1, True), (2, True), (3, False)]


def test_computed_before_a_loop_it_is_available_in_it_and_after():
    found = method(([take(TREE)], (1,)), ([take(TREE), t.branch(i(4))], (1, 2)), ([take(TREE)], ()))
    assert [each.is_def for each in only(found).occurrences if not each.hoisted] == [True, False, False]


def test_a_tree_finds_what_its_own_arguments_computed():
    assert [each.is_def for each in only(straight(take(t.binary(Op.SUB, TREE, TREE)))).occurrences] == [True, False]


def across(*statements):
    return only(straight(*statements)).live_across_call


def test_a_call_between_makes_it_live_across():
    assert across(take(TREE), call(), take(TREE))
    assert not across(call(), t.store_local(4, TREE), t.store_local(5, TREE), call())


def test_arguments_are_computed_before_the_call():
    assert not across(call(TREE, TREE))
    assert across(t.store_local(4, TREE), take(t.call(TREE.type, "f"), TREE))


def test_a_call_that_is_not_made_is_none():
    """The second helper becomes a use, as RyuJIT assumes; so nothing lies between the two products."""
    helper = t.helper(TREE.type, "h", i(2))
    found = straight(t.store_local(4, helper), t.store_local(5, TREE), t.store_local(4, helper), t.store_local(5, TREE))
    assert [each.live_across_call for each in analyse(found).candidates] == [False, False]


# Against the graph of nodes


def graph_of(found):
    """Every node of the method as (block, statement, path), with edges in order of evaluation."""
    graph = nx.DiGraph()
    ends = {}
    for index, block in enumerate(found.blocks):
        places = [(index, "start")]
        for number, tree in enumerate(block.statements):
            places += [(index, number, path) for path in paths(tree)]
        nx.add_path(graph, places)
        ends[index] = places[-1]
    graph.add_edges_from(
        (ends[index], (to, "start")) for index, block in enumerate(found.blocks) for to in block.successors
    )
    return graph


def paths(tree, at=()):
    for slot, arg in enumerate(tree.args):
        yield from paths(arg, (*at, slot))
    yield at


def node_at(found, place):
    tree = found.blocks[place[0]].statements[place[1]]
    for slot in place[2]:
        tree = tree.args[slot]
    return tree


def is_call(tree):
    return tree.op in (Op.CALL, Op.HELPER) or (tree.op is Op.MOD and tree.type.floating)


def reached(graph, sources, barriers):
    """Where one gets from ``sources``, in at least a step, without leaving a barrier."""
    open_graph = graph.copy()
    open_graph.remove_edges_from([edge for barrier in barriers for edge in list(graph.out_edges(barrier))])
    return {
        to
        for source in sources
        for edge in graph.out_edges(source)
        for to in [edge[1], *nx.descendants(open_graph, edge[1])]
    }


def agrees_with_graph(found):
    """Definitions are what some path reaches first; uses past a call are reached from it, with no definition since.

    Calls that have become uses, and so may not be made, count as calls here and there in RyuJIT.
    """
    analysis = analyse(found)
    graph = graph_of(analysis.method)
    nodes = {place: node_at(analysis.method, place) for place in graph if len(place) == 3}
    places = [
        {(each.block, each.statement, each.path): each.is_def for each in one.occurrences}
        for one in analysis.candidates
    ]
    calls = {place for place, tree in nodes.items() if is_call(tree)}
    unmade = {place for each in places for place, is_def in each.items() if not is_def} & calls
    for candidate, mine in zip(analysis.candidates, places, strict=True):
        defs = {place for place, is_def in mine.items() if is_def}
        assert defs == reached(graph, [(0, "start")], mine) & mine.keys()
        surely, maybe = (reached(graph, which - defs, defs) & mine.keys() - defs for which in (calls - unmade, calls))
        assert bool(surely) <= candidate.live_across_call <= bool(maybe)


@settings(max_examples=40, deadline=None)
@given(methods)
def test_definitions_are_what_some_path_reaches_first(found):
    agrees_with_graph(found)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_so_in_methods_of_the_generator(seed):
    agrees_with_graph(generate(seed))
