"""Which trees may be candidates, and what is said of them."""

from __future__ import annotations

import pytest

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.analysis import MAX_CANDIDATES
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.frontend.costs import costs_of
from gymcc.envs.jitcse.frontend.flat import flatten
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from tests.jitcse.test_frontend_methods import (
    DOUBLE,
    INT,
    LOCALS,
    LONG,
    OTHER,
    RETURN,
    STRUCT,
    VOID,
    add,
    call,
    const,
    d,
    div,
    i,
    method,
    mul,
    ref,
    straight,
    take,
)

HANDLE = Node(Op.HANDLE, OTHER, (), 7)


def twice(tree):
    """The candidates of a method that evaluates ``tree`` two times."""
    return analyse(straight(take(tree), take(tree))).candidates


# Candidates


@pytest.mark.parametrize(
    "tree",
    [
        add(i(2), i(3)),
        t.compare(Op.LT, i(2), i(3)),
        Node(Op.NOT, INT, (i(2),)),
        Node(Op.CAST, DOUBLE, (i(2),)),
        t.field(INT, ref(), 8),
        t.field(STRUCT, ref(), 8),
        t.static(INT, 1),
        t.length(ref()),
        t.helper(INT, "h", i(2)),
        HANDLE,
        t.constant(DOUBLE, 1.5),
        t.constant(Type.SIMD, 1.5),
    ],
)
def test_candidates(tree):
    found = twice(tree)
    assert [(each.type, each.def_count, each.use_count) for each in found] == [(tree.type, 1, 1)]


@pytest.mark.parametrize(
    "tree",
    [
        i(2),
        const(5),
        t.constant(LONG, 2**40),
        t.constant(DOUBLE, 0.0),
        t.call(INT, "f"),
        t.comma(t.store_local(4, const(1)), mul(i(4), const(2))),
        add(const(1), const(2)),
    ],
)
def test_no_candidates(tree):
    assert twice(tree) == ()


def test_a_helper_without_result_is_none():
    assert analyse(straight(t.helper(VOID, "h"), t.helper(VOID, "h"))).candidates == ()


def test_parts_of_what_has_effects_are_candidates():
    tree = mul(i(2), i(3))
    assert [len(each.occurrences) for each in twice(add(tree, t.call(INT, "f", tree)))] == [4]


def test_a_comparison_that_a_branch_decides_by_is_none():
    tree = t.compare(Op.LT, mul(i(2), i(3)), i(4))
    found = method(([take(tree), take(tree), t.branch(tree)], (1, 1)), ([], ()))
    assert [len(each.occurrences) for each in analyse(found).candidates] == [3, 2]


def test_a_struct_that_is_returned_is_none():
    value = t.field(STRUCT, ref(), 8)
    for returned in (value, t.comma(take(), value)):
        block = Block((take(value), take(value), Node(Op.RETURN, VOID, (returned,))), ())
        (found,) = analyse(Method("returns", LOCALS, len(LOCALS), (block,), STRUCT)).candidates
        assert len(found.occurrences) == 2


@pytest.mark.parametrize("access", [lambda base: t.field(INT, base, 8), lambda base: t.store_field(base, 8, i(2))])
def test_what_an_address_mode_takes_in_is_none(access):
    index = Node(Op.MUL, OTHER, (ref(1), t.constant(OTHER, 8)))
    base = t.binary(Op.ADD, t.binary(Op.ADD, ref(), index), t.constant(OTHER, 64))
    found = analyse(straight(take(base), take(base), access(base)))
    assert [len(each.occurrences) for each in found.candidates] == [2, 2, 2]


def test_a_checked_element_is_a_candidate_apart_from_its_value():
    tree = t.element(INT, ref(), i(2))
    candidates = twice(tree)
    shapes = [flatten(straight(take(tree))).nodes[index].op for index in (2, 6, 7)]
    assert shapes == [Op.LENGTH, Op.ELEM, Op.COMMA]
    assert [(each.occurrences[0].path, each.use_count) for each in candidates] == [
        ((0, 0, 1), 1),
        ((0, 1), 1),
        ((0,), 1),
    ]


# Numbers and their cap


def test_candidates_are_numbered_by_their_second_tree():
    one, two = mul(i(2), i(3)), mul(i(3), i(4))
    found = analyse(straight(take(one, two, two, one)))
    assert [each.occurrences[0].path for each in found.candidates] == [(1,), (0,)]


def test_the_inner_tree_comes_first():
    tree = mul(add(i(2), i(3)), i(4))
    assert [each.occurrences[0].path for each in twice(tree)] == [(0, 0), (0,)]


def test_at_most_64():
    trees = [take(add(i(2), const(1000 + n))) for n in range(MAX_CANDIDATES + 5)]
    assert len(analyse(straight(*trees, *trees)).candidates) == MAX_CANDIDATES == 64


# Exceptions


def test_a_use_throws_nothing_that_its_definition_did_not():
    """``mul * quotient`` gives the same number whether the quotient is computed or read from where it was stored."""
    product = mul(i(2), i(3))
    quotient = div(i(4), i(5))
    stored = t.field(INT, ref(), 8)
    safe = [t.store_field(ref(), 8, quotient), take(mul(product, stored)), take(mul(product, stored))]
    found = analyse(straight(*safe, take(mul(product, quotient)))).candidates
    by_type = {each.occurrences[0].path: len(each.occurrences) for each in found if each.cost_ex > 10}
    outer = next(each for each in found if (0, 1, (0,)) in [(o.block, o.statement, o.path) for o in each.occurrences])
    assert [each.statement for each in outer.occurrences] == [1, 2]  # the last may throw
    assert by_type[(1,)] == 4  # the quotient itself, stored, loaded twice, computed again


def test_a_use_may_throw_less():
    product, quotient, stored = mul(i(2), i(3)), div(i(4), i(5)), t.field(INT, ref(), 8)
    found = analyse(
        straight(take(mul(product, quotient)), t.store_field(ref(), 8, quotient), take(mul(product, stored)))
    )
    assert [(0, 0), (2, 0)] in [
        [(each.statement, len(each.path) - 1) for each in candidate.occurrences] for candidate in found.candidates
    ]


# What is said of them


def test_counts_weights_and_blocks():
    tree = mul(add(i(2), i(3)), i(2))
    found = method(
        ([take(tree), t.branch(i(2))], (1, 2), 1.0),
        ([call(), take(tree)], (2,), 0.5),
        ([take(tree), take(tree)], (3,), 1.0),
        ([], (), 1.0),
    )
    inner, outer = analyse(found).candidates
    assert (outer.def_count, outer.use_count, outer.def_weight, outer.use_weight) == (1, 3, 100.0, 250.0)
    assert (outer.block_count, outer.block_spread) == (3, 2)
    assert (outer.distinct_locals, outer.local_occurrences) == (2, 3)
    assert (inner.containable, outer.containable, outer.const, outer.make_cse) == (True, True, False, False)
    assert (outer.live_across_call, outer.live_across_call_lsra, outer.has_call) == (True, True, False)


@pytest.mark.parametrize(
    ("tree", "facts"),
    [
        (HANDLE, {"const": True, "containable": False}),
        (t.helper(INT, "h", i(2)), {"has_call": True}),
        (t.binary(Op.MOD, d(6), d(7)), {"has_call": True}),
        (div(i(2), i(3)), {"has_call": False, "containable": False}),
        (Node(Op.LSH, INT, (i(2), i(3))), {"containable": True}),
    ],
)
def test_facts(tree, facts):
    (found,) = twice(tree)
    assert {name: getattr(found, name) for name in facts} == facts


def test_without_a_use_it_is_not_viable():
    tree = mul(i(2), i(3))
    found = method(([t.branch(i(2))], (1, 2)), ([take(tree)], (3,)), ([take(tree)], (3,)), ([], ()))
    (candidate,) = analyse(found).candidates
    assert (candidate.def_count, candidate.use_count, candidate.viable) == (2, 0, False)
    assert "read" in candidate.why_not_viable


def test_what_never_runs_is_not_viable():
    tree = mul(i(2), i(3))
    found = method(([t.branch(i(2))], (1, 2)), ([take(tree, tree)], (2,), 0.0), ([], ()), profiled=True)
    (candidate,) = analyse(found).candidates
    assert not candidate.viable
    assert "never runs" in candidate.why_not_viable


def test_structs_are_not_enregistered():
    assert analyse(method(([], ()), locals=(INT, STRUCT, DOUBLE))).enregistered == (0, 2)


# Costs, worked out by hand from gtSetEvalOrder

COSTS = {
    "local": (i(2), (1, 1)),
    "double": (d(6), (1, 2)),
    "small constant": (const(-128), (1, 1)),
    "constant": (const(128), (1, 4)),
    "large constant": (t.constant(LONG, 2**31), (2, 10)),
    "zero": (t.constant(DOUBLE, 0.0), (1, 2)),
    "negative zero": (t.constant(DOUBLE, -0.0), (3, 2)),
    "handle": (HANDLE, (2, 10)),
    "field": (t.field(INT, ref(), 8), (4, 4)),
    "first field": (t.field(INT, ref(), 0), (4, 3)),
    "far field": (t.field(INT, ref(), 128), (4, 7)),
    "struct": (t.field(STRUCT, ref(), 8), (7, 6)),
    "base and offset": (t.field(INT, t.binary(Op.ADD, ref(), t.constant(OTHER, 4)), 8), (4, 4)),
    "base and index": (t.field(INT, t.binary(Op.ADD, ref(), ref(1)), 8), (5, 5)),
    "static": (t.static(INT, 1), (5, 12)),
    "length": (t.length(ref()), (3, 3)),
    "element": (Node(Op.ELEM, INT, (ref(), i(2))), (6, 7)),
    "checked element": (t.element(INT, ref(), i(2)), (6 + 8, 7 + 11)),
    "add": (add(i(2), i(3)), (3, 3)),
    "double add": (t.binary(Op.ADD, d(6), d(7)), (7, 8)),
    "multiply": (mul(i(2), i(3)), (6, 5)),
    "double multiply": (t.binary(Op.MUL, d(6), d(7)), (7, 8)),
    "divide": (div(i(2), i(3)), (22, 5)),
    "double divide": (t.binary(Op.DIV, d(6), d(7)), (38, 8)),
    "remainder by 8": (t.binary(Op.MOD, i(2), const(8)), (3, 3)),
    "remainder by 7": (t.binary(Op.MOD, i(2), const(7)), (22, 5)),
    "double remainder": (t.binary(Op.MOD, d(6), d(7)), (16, 9)),
    "shift by a constant": (Node(Op.LSH, INT, (i(2), const(3))), (3, 3)),
    "shift by a variable": (Node(Op.LSH, INT, (i(2), i(3))), (6, 3)),
    "compare": (t.compare(Op.LT, i(2), i(3)), (6, 3)),
    "branch": (t.branch(t.compare(Op.LT, i(2), i(3))), (5, 5)),
    "negate": (Node(Op.NEG, INT, (i(2),)), (2, 2)),
    "cast": (Node(Op.CAST, LONG, (i(2),)), (2, 3)),
    "cast to double": (Node(Op.CAST, DOUBLE, (i(2),)), (7, 7)),
    "call": (t.call(INT, "f", i(2)), (15, 6)),
    "move": (t.store_local(2, i(3)), (1, 3)),
    "store field": (t.store_field(ref(), 8, i(2)), (6, 6)),
}


@pytest.mark.parametrize("name", COSTS)
def test_costs(name):
    tree, costs = COSTS[name]
    blocks = (Block((tree,), (1, 1) if tree.op is Op.BRANCH else (1,)), Block((RETURN,), ()))
    flat = flatten(Method("costs", LOCALS, len(LOCALS), blocks))
    assert costs_of(flat)[flat.roots[0][0]] == costs
