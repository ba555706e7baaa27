"""Which trees are found to have equal values: seen through the candidates that come of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.frontend.flat import flatten
from gymcc.envs.jitcse.frontend.flow import flow_of
from gymcc.envs.jitcse.frontend.numbering import number_values
from gymcc.envs.jitcse.interpreter import run
from gymcc.envs.jitcse.ir import COMPARISONS, Block, Method, Node, Op
from tests.jitcse.test_frontend_methods import (
    DOUBLE,
    INT,
    LONG,
    OTHER,
    RETURN,
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


def store_element(array, index, value):
    return Node(Op.STORE_ELEM, VOID, (array, index, value))


def places(analysis, number=0):
    """Block, statement, path and whether it defines, of a candidate's trees."""
    return [(each.block, each.statement, each.path, each.is_def) for each in analysis.candidates[number].occurrences]


def counts(found):
    """Definitions and uses of each candidate."""
    return [(each.def_count, each.use_count) for each in analyse(found).candidates]


def test_equal_trees_are_one_candidate():
    analysis = analyse(straight(take(mul(i(2), i(3))), take(mul(i(2), i(3)))))
    assert places(analysis) == [(0, 0, (0,), True), (0, 1, (0,), False)]


def test_commutative_operands_may_be_swapped():
    assert counts(straight(take(mul(i(2), i(3))), take(mul(i(3), i(2))))) == [(1, 1)]
    assert counts(straight(take(div(i(2), i(3))), take(div(i(3), i(2))))) == []


def test_values_are_followed_through_locals():
    found = straight(
        t.store_local(4, i(2)),
        take(mul(i(2), i(3))),
        t.store_local(5, i(3)),
        take(mul(i(4), i(5))),
        t.store_local(4, i(3)),
        take(mul(i(4), i(5))),
    )
    assert places(analyse(found)) == [(0, 1, (0,), True), (0, 3, (0,), False)]


def test_types_and_payloads_are_told_apart():
    one = straight(take(t.field(INT, ref(), 8)), take(t.field(LONG, ref(), 8)), take(t.field(INT, ref(), 12)))
    assert counts(one) == []
    cast = [take(Node(Op.CAST, DOUBLE, (value,))) for value in (i(2), Node(Op.CAST, LONG, (i(2),)))]
    assert counts(straight(*cast)) == []


def test_comparisons_are_told_apart_by_what_they_compare():
    """Their own type is always the same."""
    casts = [[Node(Op.CAST, kind, (i(n),)) for n in (2, 3)] for kind in (LONG, DOUBLE)]
    assert counts(straight(*[take(t.compare(Op.EQ, *each)) for each in casts])) == []
    stores = [t.store_field(ref(), 8, i(2)), t.store_field(ref(), 16, i(3))]
    longs = [t.field(LONG, ref(), offset) for offset in (8, 16)]
    assert counts(straight(*stores, take(t.compare(Op.EQ, i(2), i(3))), take(t.compare(Op.EQ, *longs)))) == []


def test_negative_zero_is_not_zero():
    plus, minus = (t.binary(Op.MUL, d(6), t.constant(DOUBLE, value)) for value in (0.0, -0.0))
    assert counts(straight(take(plus), take(minus))) == []


def test_constants_fold_and_their_trees_are_left_to_the_folding():
    found = straight(
        t.store_local(4, const(6)), take(mul(i(4), const(7))), take(mul(i(4), const(7))), take(mul(const(6), i(2)))
    )
    assert counts(found) == []
    assert counts(straight(take(mul(i(2), const(42))), take(mul(i(2), mul(const(6), const(7)))))) == [(1, 1)]


@pytest.mark.parametrize(
    "same",
    [
        mul(add(i(2), const(0)), i(3)),
        mul(add(const(0), i(2)), i(3)),
        mul(t.binary(Op.AND, i(2), i(2)), i(3)),
        mul(mul(i(2), const(1)), i(3)),
        mul(add(i(2), t.binary(Op.SUB, i(3), i(3))), i(3)),
        mul(i(2), add(mul(i(4), const(0)), i(3))),
    ],
)
def test_identities(same):
    assert (1, 1) in counts(straight(take(mul(i(2), i(3))), take(same)))


def test_integers_wrap_when_folded():
    large = mul(const(2**30), const(8))
    assert counts(straight(take(mul(i(2), large)), take(mul(mul(i(2), large), i(3))))) == []


OPERATORS = (
    *(Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.AND, Op.OR, Op.XOR, Op.LSH, Op.RSH),
    *(Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE),
)
edges = st.sampled_from((0, 1, -1, 2, 31, 32, 33, -(2**31), 2**31 - 1)) | st.integers(-(2**31), 2**31 - 1)


def operate(op, kind, left, right):
    """A tree of the operator; shifts count in INT."""
    if op in (Op.LSH, Op.RSH) and right.type is LONG:
        right = Node(Op.CAST, INT, (right,))
    return Node(op, INT if op in COMPARISONS else kind, (left, right))


def outcome(tree, *parameters):
    """What the interpreter says of a method that returns the tree, for a few random arguments."""
    block = Block((Node(Op.RETURN, VOID, (tree,)),), ())
    made = Method("folds", parameters, len(parameters), (block,), tree.type)
    return [(trace.end, trace.result) for trace in (run(made, seed) for seed in range(6))]


def folded(tree, *parameters):
    """The tree that says what the numbering has made of it: a constant, an argument, or itself."""
    block = Block((tree, RETURN), ())
    made = Method("folds", parameters, len(parameters), (block,))
    flat = flatten(made)
    numbering = number_values(made, flat, flow_of(made))
    root = flat.roots[0][0]
    number = numbering.values[root]
    if number in numbering.constants and not numbering.exceptions[root]:
        return t.constant(tree.type, numbering.constants[number])
    if numbering.exceptions[root] and number not in numbering.constants:
        return tree
    return next(part for node, part in enumerate(flat.nodes) if numbering.values[node] == number)


@pytest.mark.parametrize("op", OPERATORS)
@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from((INT, LONG)), left=edges, right=edges)
def test_constants_fold_to_what_the_interpreter_computes(op, kind, left, right):
    tree = operate(op, kind, t.constant(kind, left), t.constant(kind, right))
    assert outcome(folded(tree)) == outcome(tree)
    if op not in (Op.DIV, Op.MOD) or right:
        assert folded(tree).op is Op.CONST


@given(st.sampled_from((Op.NEG, Op.NOT)), st.sampled_from((INT, LONG)), edges)
def test_so_with_one_operand(op, kind, value):
    tree = Node(op, kind, (t.constant(kind, value),))
    narrowed = Node(Op.CAST, INT, (t.constant(LONG, value * 3),))
    for each in (tree, narrowed):
        assert folded(each).op is Op.CONST
        assert outcome(folded(each)) == outcome(each)


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("kind", [INT, LONG])
@pytest.mark.parametrize("value", [0, 1, -1, 2, 32, 64])
@pytest.mark.parametrize("swap", [False, True])
def test_identities_say_what_the_interpreter_computes(op, kind, value, swap):
    unknown = t.local(0, kind)
    for other in (t.constant(kind, value), unknown):
        tree = operate(op, kind, *((other, unknown) if swap else (unknown, other)))
        assert outcome(folded(tree, kind), kind) == outcome(tree, kind)


# Joins


def diamond(then, otherwise, after, before=()):
    return method(([*before, t.branch(i(2))], (1, 2)), (then, (3,)), (otherwise, (3,)), (after, ()))


def test_a_local_assigned_in_one_arm_is_another_after():
    tree = take(mul(i(3), i(4)))
    assert counts(diamond([t.store_local(4, i(5))], [], [tree], before=[tree])) == []
    assert counts(diamond([t.store_local(5, i(4))], [], [tree], before=[tree])) == [(1, 1)]


def test_a_local_assigned_the_same_in_both_arms_is_that():
    arm = [t.store_local(4, i(5))]
    found = diamond(arm, arm, [take(mul(i(3), i(4)))], before=[take(mul(i(3), i(5)))])
    assert counts(found) == [(1, 1)]


def test_a_local_assigned_in_a_loop_is_another_in_each_iteration():
    before, tree = take(mul(i(3), i(4))), take(mul(i(3), i(4)))
    step = t.store_local(4, add(i(4), const(1)))
    found = method(([before], (1,)), ([tree, step, t.branch(i(4))], (1, 2)), ([tree], ()))
    assert counts(found) == []


# Memory


def load(offset=8, kind=INT, base=None):
    return t.field(kind, base or ref(), offset)


STORES = {
    "same field": t.store_field(ref(1), 8, i(2)),
    "overlapping field": t.store_field(ref(1), 4, t.constant(LONG, 1)),
    "other field": t.store_field(ref(1), 12, i(2)),
    "static": Node(Op.STORE_STATIC, VOID, (i(2),), 8),
    "element": store_element(ref(1), i(2), i(3)),
    "call": call(),
    "helper": t.helper(VOID, "h", i(2)),
}
KILLED = {
    "field": (load(), {"same field", "overlapping field", "call"}),
    "static": (t.static(INT, 8), {"static", "call"}),
    "int element": (Node(Op.ELEM, INT, (ref(), i(2))), {"element", "call"}),
    "double element": (Node(Op.ELEM, DOUBLE, (ref(), i(2))), {"call"}),
    "length": (t.length(ref()), set()),
    "helper": (t.helper(INT, "h", i(2)), set()),
}


@pytest.mark.parametrize("what", KILLED)
@pytest.mark.parametrize("store", STORES)
def test_what_a_store_renews(what, store):
    tree, by = KILLED[what]
    found = straight(take(tree), STORES[store], take(tree))
    assert counts(found) == ([] if store in by else [(1, 1)])


def test_a_call_gives_another_value_each_time():
    assert counts(straight(*[take(mul(t.call(INT, "f"), i(2))) for _ in range(2)])) == []


def test_a_load_gives_what_was_stored_to_the_same_place():
    value = mul(i(2), i(3))
    found = straight(t.store_field(ref(), 8, value), take(load()))
    assert places(analyse(found)) == [(0, 0, (1,), True), (0, 1, (0,), False)]


@pytest.mark.parametrize("other", [load(base=ref(1)), load(12), load(kind=LONG)])
def test_a_load_of_another_place_does_not(other):
    assert counts(straight(t.store_field(ref(), 8, mul(i(2), i(3))), take(other))) == []


def test_memory_stored_in_one_arm_is_another_after():
    assert counts(diamond([t.store_field(ref(1), 8, i(2))], [], [take(load())], before=[take(load())])) == []


# Order within a tree


def test_an_assignment_inside_a_tree_counts_from_there_on():
    assign = t.store_local(2, const(9))
    tree = mul(i(2), i(3))
    found = straight(take(tree, t.comma(assign, tree)), take(tree))
    assert places(analyse(found)) == [(0, 0, (1, 1), True), (0, 1, (0,), False)]


def test_a_stored_value_is_computed_before_the_store():
    tree = load()
    found = straight(t.store_field(ref(1), 8, add(tree, i(2))), take(tree), take(tree))
    assert places(analyse(found)) == [(0, 1, (0,), True), (0, 2, (0,), False)]


def test_the_object_of_a_store_is_computed_before_its_value():
    base = t.field(OTHER, ref(), 8)
    change = t.store_field(ref(1), 8, ref())
    found = straight(take(base), t.store_field(base, 16, t.comma(change, i(2))))
    assert places(analyse(found)) == [(0, 0, (0,), True), (0, 1, (0,), False)]
