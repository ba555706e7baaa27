"""What is planted in front of loops, where, and what becomes of it."""

from __future__ import annotations

import pytest

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.interpreter import same_effects
from gymcc.envs.jitcse.ir import Node, Op
from tests.jitcse.test_frontend_methods import (
    DOUBLE,
    INT,
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
    take,
)

TREE = mul(i(2), i(3))
STEP = t.store_local(5, add(i(5), const(1)))
AGAIN = t.branch(t.compare(Op.LT, i(5), const(100)))  # few locals: a loop with calls has four registers


def do_while(*body):
    """Block 0, a loop of block 1 that ends with its test, block 2."""
    return method(([t.store_local(5, const(0))], (1,)), ([*body, STEP, AGAIN], (1, 2), 8.0), ([], ()))


def planted(found):
    """Block to hoisted trees."""
    analysis = analyse(found)
    places = {(o.block, o.statement) for each in analysis.candidates for o in each.occurrences if o.hoisted}
    return {
        block: [analysis.method.blocks[block].statements[n] for b, n in sorted(places) if b == block]
        for block, _ in sorted(places)
    }


def test_an_invariant_tree_is_planted_in_front():
    analysis = analyse(do_while(take(TREE)))
    assert analysis.method.blocks[0].statements[1:] == (TREE,)
    (candidate,) = analysis.candidates
    assert [(each.block, each.statement, each.is_def, each.hoisted) for each in candidate.occurrences] == [
        (0, 1, True, True),
        (1, 0, False, False),
    ]
    assert (candidate.make_cse, candidate.def_weight, candidate.use_weight) == (True, 100.0, 800.0)


def test_the_largest_invariant_trees_are():
    assert planted(do_while(take(add(mul(TREE, i(4)), i(5))))) == {0: [mul(TREE, i(4))]}


def test_equal_trees_are_planted_once():
    assert planted(do_while(take(TREE), take(TREE))) == {0: [TREE]}


def test_what_is_computed_before_anyway_is_planted_as_a_use():
    found = method(([take(TREE)], (1,)), ([take(TREE), STEP, AGAIN], (1, 2)), ([], ()))
    (candidate,) = analyse(found).candidates
    assert [(each.is_def, each.hoisted) for each in candidate.occurrences] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert not candidate.make_cse  # RyuJIT judges by the first tree


FIELD = t.field(INT, ref(), 8)
ELEMENT = Node(Op.ELEM, INT, (ref(), i(2)))
CHANGES = {
    "local": t.store_local(3, const(1)),
    "field": t.store_field(ref(1), 8, i(5)),
    "wide field": t.store_field(ref(1), 4, d(6)),
    "other field": t.store_field(ref(1), 16, i(5)),
    "static": Node(Op.STORE_STATIC, VOID, (i(5),), 8),
    "element": Node(Op.STORE_ELEM, VOID, (ref(1), i(2), i(5))),
    "call": call(),
    "helper": take(i(5)),
}


@pytest.mark.parametrize(
    ("tree", "by"),
    [
        (TREE, {"local"}),
        (FIELD, {"field", "wide field", "call"}),
        (t.static(INT, 8), {"static", "call"}),
        (t.length(ref()), set()),
        (t.helper(INT, "h", i(2)), set()),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
def test_what_the_loop_changes_stays_in_it(tree, by, change):
    for body in ([t.store_local(4, tree), CHANGES[change]], [CHANGES[change], t.store_local(4, tree)]):
        assert planted(do_while(*body)) == ({} if change in by else {0: [tree]})


def test_calls_and_stores_stay():
    assert planted(do_while(take(t.call(INT, "f", i(2))), t.store_field(ref(), 8, i(2)))) == {}


def test_constants_go_if_they_are_worth_it():
    values = (t.constant(DOUBLE, 1.5), t.constant(DOUBLE, 0.0))
    assert planted(do_while(*[t.store_field(ref(), 8, each) for each in (*values, const(7))])) == {
        0: [t.constant(DOUBLE, 1.5)]
    }


def test_what_has_a_constant_value_is_not_planted():
    """It would be no candidate, so that nobody could drop it."""
    found = method(
        ([t.store_local(4, const(3)), t.store_local(5, const(0))], (1,)),
        ([take(mul(i(4), const(5)), mul(i(4), i(2))), STEP, t.branch(t.compare(Op.LT, i(5), i(2)))], (1, 2)),
        ([], ()),
    )
    analysis = analyse(found)
    assert planted(found) == {0: [mul(i(4), i(2))]}
    assert analysis.method.blocks[0].statements[2:] == (mul(i(4), i(2)),)


# Which blocks


def test_a_while_loop_gives_from_its_test_and_its_body():
    found = method(
        ([t.store_local(5, const(0))], (1,)),
        ([t.branch(t.compare(Op.LT, i(5), t.length(ref())))], (2, 3), 8.0),
        ([t.store_local(4, TREE), STEP], (1,), 8.0),
        ([], ()),
    )
    assert planted(found) == {0: [t.length(ref()), TREE]}


def test_what_only_some_iterations_compute_stays():
    found = method(
        ([t.store_local(5, const(0))], (1,)),
        ([t.branch(i(2))], (2, 3), 8.0),
        ([take(TREE)], (3,), 8.0),
        ([STEP, AGAIN], (1, 4), 8.0),
        ([], ()),
    )
    assert planted(found) == {}


def test_the_outermost_loop_gets_it():
    inner = [t.store_local(5, const(0))]
    found = method(
        ([t.store_local(4, const(0))], (1,)),
        (inner, (2,), 8.0),
        ([take(TREE, mul(i(4), i(2))), STEP, t.branch(i(5))], (2, 3), 64.0),
        ([t.store_local(4, add(i(4), const(1))), t.branch(i(4))], (1, 4), 8.0),
        ([], ()),
    )
    assert planted(found) == {0: [TREE], 1: [mul(i(4), i(2))]}


def test_a_throw_does_not_leave_the_inner_loop():
    """Something may happen between the two."""
    found = method(
        ([t.store_local(4, const(0))], (1,)),
        ([call(), t.store_local(5, const(0))], (2,), 8.0),
        ([take(div(i(2), i(3))), STEP, t.branch(i(5))], (2, 3), 64.0),
        ([t.store_local(4, add(i(4), const(1))), t.branch(i(4))], (1, 4), 8.0),
        ([], ()),
    )
    assert planted(found) == {1: [div(i(2), i(3))]}


# Pre-headers


def guarded_loop(weight=1.0, profiled=False):
    return method(
        ([take(), t.branch(i(2))], (1, 2), weight),
        ([take(TREE), STEP, AGAIN], (1, 2), 8.0),
        ([], (), 1.0),
        profiled=profiled,
    )


def test_a_loop_that_is_entered_by_a_branch_gets_a_block_in_front():
    blocks = analyse(guarded_loop()).method.blocks
    assert [block.successors for block in blocks] == [(1, 3), (2,), (2, 3), ()]
    assert blocks[1].statements == (TREE,)
    assert blocks[1].weight == 1.0


def test_a_loop_with_two_entries_gets_one_for_both():
    found = method(
        ([t.branch(i(2))], (1, 2)), ([], (3,)), ([], (3,)), ([take(TREE), STEP, AGAIN], (3, 4), 8.0), ([], ())
    )
    blocks = analyse(found).method.blocks
    assert [block.successors for block in blocks] == [(1, 2), (3,), (3,), (4,), (4, 5), ()]
    assert (blocks[3].statements, blocks[3].weight) == ((TREE,), 1.0)


def test_a_profile_adds_up_who_enters():
    arms = [([], (3,), 3.0), ([], (3,), 0.5)]
    found = method(
        ([t.branch(i(2))], (1, 2), 3.5),
        *arms,
        ([take(TREE), STEP, AGAIN], (3, 4), 28.0),
        ([], (), 3.5),
        profiled=True,
    )
    assert analyse(found).method.blocks[3].weight == 3.5
    assert analyse(guarded_loop(weight=9.0, profiled=True)).method.blocks[1].weight == 8.0  # no more than the header


# Exceptions


def test_a_throw_at_the_start_of_the_loop_may_come_before_it():
    assert planted(do_while(take(div(i(2), i(3))))) == {0: [div(i(2), i(3))]}


@pytest.mark.parametrize(
    "first",
    [
        t.store_field(ref(1), 8, i(5)),
        call(),
        t.bounds(i(5), i(4)),
        t.store_local(4, div(i(2), i(5))),
        take(t.call(INT, "f")),
    ],
)
def test_a_throw_after_something_else_may_not(first):
    assert planted(do_while(first, t.store_local(2, div(i(3), i(3))), t.store_local(2, const(0)))) == {}


def test_a_throw_after_assignments_may():
    assert planted(do_while(t.store_local(4, const(7)), take(div(i(2), i(3))))) == {0: [div(i(2), i(3))]}


def test_of_two_throws_the_first_may():
    assert planted(do_while(take(div(i(2), i(3)), div(i(3), i(2))))) == {0: [div(i(2), i(3))]}


def test_a_throw_in_the_body_of_a_while_loop_stays():
    found = method(
        ([t.store_local(5, const(0))], (1,)),
        ([AGAIN], (2, 3), 8.0),
        ([take(div(i(2), i(3))), STEP], (1,), 8.0),
        ([], ()),
    )
    assert planted(found) == {}


def test_division_by_a_constant_does_not_throw():
    assert planted(do_while(call(), take(div(i(2), const(3))))) == {0: [div(i(2), const(3))]}
    assert planted(do_while(call(), take(div(i(2), const(0))))) == {}


def test_an_element_goes_with_its_check_alone():
    checked = t.element(INT, ref(), i(2))
    assert planted(do_while(take(checked))) == {0: [t.length(ref()), checked]}
    assert planted(do_while(call(), take(t.length(ref())), take(checked))) == {0: [t.length(ref())]}
    assert planted(do_while(t.bounds(i(2), t.length(ref())), take(ELEMENT))) == {0: [t.length(ref())]}
    assert planted(do_while(take(mul(ELEMENT, i(2))))) == {}


# Choices


def statements(found, *choice):
    return perform(analyse(found), frozenset(choice)).blocks[0].statements[1:]


def test_not_chosen_it_is_gone():
    assert statements(do_while(take(TREE))) == ()


def test_chosen_it_is_kept():
    assert statements(do_while(take(TREE)), 0) == (t.store_local(8, TREE),)


def test_of_a_tree_that_is_not_chosen_the_chosen_parts_are_kept():
    tree = mul(TREE, add(i(3), i(4)))
    found = do_while(take(tree))
    one, other = TREE, add(i(3), i(4))
    assert statements(found, 0) == (t.store_local(8, one),)
    assert statements(found, 0, 1) == (Node(Op.COMMA, VOID, (t.store_local(8, one), t.store_local(9, other))),)
    assert statements(found, 0, 2) == (t.store_local(8, tree),)


def test_parts_are_kept_in_their_order():
    """The third needs the first."""
    first, second = TREE, add(i(3), i(4))
    third = t.binary(Op.SUB, first, i(4))
    (kept,) = statements(do_while(take(mul(mul(first, second), third))), 0, 1, 3)
    assert [each.payload for each in kept.walk() if each.op is Op.STORE_LOCAL] == [8, 9, 10]


def test_parts_that_may_throw_are_not_kept_alone():
    """Or the second of two throws might come first."""
    one, other = div(i(2), i(3)), div(i(3), i(2))
    analysis = analyse(do_while(take(mul(one, other)), take(one), take(other)))
    assert planted(analysis.method)[0] == [mul(one, other)]
    parts = [each for each in analysis.candidates if each.cost_ex < 40]
    assert [o.block for each in parts for o in each.occurrences] == [1, 1, 1, 1]


def test_of_a_checked_element_that_is_not_chosen_nothing_is_kept():
    """Its value is a candidate too, but loaded without its check it could be anything."""
    found = do_while(take(t.element(INT, ref(), i(2))), take(t.element(INT, ref(), i(2))))
    analysis = analyse(found)
    value = next(n for n, each in enumerate(analysis.candidates) if each.occurrences[0].path == (0, 1))
    assert all(each.block == 1 for each in analysis.candidates[value].occurrences)
    assert perform(analysis, frozenset({value})).blocks[0] == found.blocks[0]


@pytest.mark.parametrize("choice", [(), (0,), (1,), (0, 1), (0, 1, 2, 3)])
def test_effects_stay(choice):
    found = do_while(
        t.store_local(2, add(t.element(INT, ref(), i(4)), const(0))), t.store_field(ref(), 8, div(i(2), i(4)))
    )
    same_effects(found, perform(analyse(found), frozenset(choice)), range(40))
