"""What a choice makes of hand-written methods."""

from __future__ import annotations

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.frontend import Rewriter, analyse, is_made, perform, roles, settle
from gymcc.envs.jitcse.ir import Op
from tests.jitcse.test_frontend_methods import INT, LOCALS, OTHER, add, const, div, i, method, mul, ref, straight, take

INNER = add(i(2), i(3))
OUTER = mul(INNER, i(3))
FIRST, SECOND = len(LOCALS), len(LOCALS) + 1


def temporary(number=FIRST):
    return t.local(number, INT)


def define(tree, number=FIRST):
    return t.comma(t.store_local(number, tree), temporary(number))


def after(found, *choice):
    """The statements of the first block but the return."""
    return perform(analyse(found), frozenset(choice)).blocks[0].statements[:-1]


NESTED = straight(take(OUTER), take(OUTER), take(INNER))


def test_nothing_chosen_nothing_changed():
    assert perform(analyse(NESTED), frozenset()) == NESTED


def test_definitions_store_and_uses_read():
    assert after(NESTED, 0) == (take(mul(define(INNER), i(3))), take(mul(temporary(), i(3))), take(temporary()))
    assert after(NESTED, 1) == (take(define(OUTER)), take(temporary()), take(INNER))


def test_a_use_vanishes_with_the_use_around_it():
    assert after(NESTED, 0, 1) == (
        take(define(mul(define(INNER), i(3)), SECOND)),
        take(temporary(SECOND)),
        take(temporary()),
    )


def test_a_candidate_without_a_use_left_is_ignored():
    found = straight(take(OUTER), take(OUTER))
    assert after(found, 0, 1) == after(found, 1) == (take(define(OUTER)), take(temporary()))


def test_ignoring_one_may_leave_another_without_a_use():
    """The last is kept for nobody, and with its definition, inside a replaced use, goes the only use of the first."""
    inner = t.field(OTHER, ref(1), 16)
    middle = t.field(INT, inner, 8)
    outer = mul(middle, i(3))
    known = [t.store_field(ref(1), 16, ref()), t.store_field(ref(), 8, i(4))]  # so that inner is ref(), middle is i(4)
    found = straight(*known, take(inner), take(mul(i(4), i(3))), take(outer), take(outer))
    analysis = analyse(found)
    assert [[each.statement for each in one.occurrences] for one in analysis.candidates] == [
        [2, 4, 5],
        [3, 4, 5],
        [4, 5],
    ]
    table = roles(analysis)
    assert settle(table, frozenset({0, 2})) == {0, 2}
    assert settle(table, frozenset({1, 2})) == {1}
    assert settle(table, frozenset({0, 1, 2})) == {1}


def test_a_definition_under_a_replaced_use_is_kept_for_its_effect():
    trivial = add(i(2), const(0))
    found = straight(take(mul(i(2), i(3))), take(mul(trivial, i(3))), take(trivial))
    product, copy = analyse(found).candidates
    assert [each.is_def for each in copy.occurrences] == [True, False]
    assert after(found, 0, 1) == (
        take(define(mul(i(2), i(3)))),
        take(t.comma(t.store_local(SECOND, trivial), temporary())),
        take(temporary(SECOND)),
    )
    assert product.use_count == 1


def test_temporaries_have_their_type_and_come_last():
    found = straight(
        *[take(t.field(INT, ref(), 8), t.length(ref()), t.binary(Op.ADD, t.local(6, LOCALS[6]), t.local(7, LOCALS[7])))]
        * 2
    )
    changed = perform(analyse(found), frozenset({0, 2}))
    assert changed.locals == (*LOCALS, INT, LOCALS[6])
    assert changed.parameters == found.parameters


def test_what_cannot_be_chosen_is_ignored():
    tree = mul(i(2), i(3))
    found = method(([t.branch(i(2))], (1, 2)), ([take(tree)], (3,)), ([take(tree)], (3,)), ([], ()))
    assert perform(analyse(found), frozenset({0, 7, -1})) == found


def test_what_may_throw_is_kept_where_the_same_has_been_computed():
    quotient = div(i(2), i(3))
    found = straight(take(quotient), take(quotient))
    assert after(found, 0) == (take(define(quotient)), take(temporary()))


# Roles


def test_roles_name_the_trees_around_them():
    table = roles(analyse(NESTED))
    assert [(role.statement, role.path, role.candidate, role.is_def, role.parents) for role in table] == [
        (0, (0, 0), 0, True, (1,)),
        (0, (0,), 1, True, ()),
        (1, (0, 0), 0, False, (3,)),
        (1, (0,), 1, False, ()),
        (2, (0,), 0, False, ()),
    ]
    assert [is_made(table, role, frozenset({0, 1})) for role in table] == [True, True, False, True, True]


def test_single_statements_can_be_made_with_any_locals():
    rewriter = Rewriter(analyse(NESTED))
    assert rewriter.candidates(0, 1) == {0, 1}
    assert rewriter.candidates(0, 2) == {0}
    assert rewriter.candidates(0, 3) == set()
    assert rewriter.statement(0, 2, {0: 40}) == take(temporary(40))
    assert rewriter.statement(0, 2, {1: 40}) == take(INNER)
