"""What holds for every method and every choice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.assigned import unassigned_reads
from gymcc.envs.jitcse.frontend import Rewriter, analyse, is_made, perform, roles, settle
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.interpreter import same_effects
from gymcc.envs.jitcse.ir import Node, Op
from gymcc.envs.jitcse.wellformed import check
from tests.jitcse.test_frontend_methods import methods

seeds = st.integers(0, 2**32 - 1)
generated = seeds.map(generate)
either = methods | generated
modest = settings(max_examples=40, deadline=None)


def draw_choice(analysis, seed):
    """None, all, a few or half of the candidates, and sometimes numbers that are none."""
    random = Random(seed)
    share = random.choice((0, 0.2, 0.5, 0.5, 0.8, 1))
    beyond = {99} if random.random() < 0.1 else set()
    return frozenset(n for n in range(len(analysis.candidates)) if random.random() < share) | beyond


def nodes(method):
    return [node for block in method.blocks for tree in block.statements for node in tree.walk()]


# Choices


@settings(max_examples=150, deadline=None)
@given(methods, seeds)
def test_effects_stay(method, seed):
    analysis = analyse(method)
    same_effects(method, perform(analysis, draw_choice(analysis, seed)), range(seed, seed + 5), max_steps=60)


@modest
@given(generated, seeds)
def test_effects_stay_in_methods_of_the_generator(method, seed):
    analysis = analyse(method)
    same_effects(method, perform(analysis, draw_choice(analysis, seed)), range(seed, seed + 3), max_steps=60)


@modest
@given(either, seeds)
def test_temporaries_are_written_before_they_are_read(method, seed):
    analysis = analyse(method)
    changed = perform(analysis, draw_choice(analysis, seed))
    check(changed)
    assert set(unassigned_reads(changed)) <= set(unassigned_reads(method))


@modest
@given(either)
def test_nothing_chosen_leaves_nothing_but_blocks_for_hoisting(method):
    changed = perform(analyse(method), frozenset())
    kept = [block for block in changed.blocks if block.statements or len(block.successors) != 1]
    assert [block.statements for block in kept] == [
        block.statements for block in method.blocks if block.statements or len(block.successors) != 1
    ]
    assert changed.locals == method.locals


@modest
@given(either, seeds)
def test_the_order_of_candidates_does_not_matter(method, seed):
    analysis = analyse(method)
    numbers = list(range(len(analysis.candidates)))
    Random(seed).shuffle(numbers)
    shuffled = replace(analysis, candidates=tuple(analysis.candidates[n] for n in numbers))
    choice = draw_choice(analysis, seed)
    one = perform(analysis, choice)
    other = perform(shuffled, frozenset(numbers.index(n) for n in choice if n in numbers))
    assert by_first_mention(one, len(method.locals)) == by_first_mention(other, len(method.locals))


def by_first_mention(method, first):
    """The blocks with locals from ``first`` on numbered as they come."""
    names = {}

    def rename(node):
        payload = node.payload
        if node.op in (Op.LOCAL, Op.STORE_LOCAL) and payload >= first:
            payload = names.setdefault(payload, first + len(names))
        return Node(node.op, node.type, tuple(rename(arg) for arg in node.args), payload)

    return [tuple(rename(tree) for tree in block.statements) for block in method.blocks]


@modest
@given(either, seeds)
def test_performing_changes_neither_analysis_nor_its_own_result(method, seed):
    analysis = analyse(method)
    choice = draw_choice(analysis, seed)
    first = perform(analysis, choice)
    assert perform(analysis, choice) == first
    assert analysis == analyse(method)


@modest
@given(either, seeds)
def test_a_settled_choice_does_the_same_and_settles_no_further(method, seed):
    analysis = analyse(method)
    table, choice = roles(analysis), draw_choice(analysis, seed)
    settled = settle(table, choice)
    assert settled <= choice
    assert settle(table, settled) == settled
    assert perform(analysis, settled) == perform(analysis, choice)


@modest
@given(either, seeds)
def test_what_roles_say_is_made_is_made(method, seed):
    analysis = analyse(method)
    table = roles(analysis)
    choice = settle(table, draw_choice(analysis, seed))
    changed = perform(analysis, choice)
    stores, reads = Counter(), Counter()
    for role in table:
        if is_made(table, role, choice):
            stores[role.candidate] += role.is_def
            reads[role.candidate] += not role.is_def
            value_wanted = not (role.hoisted and not any(table[p].candidate in choice for p in role.parents))
            reads[role.candidate] += role.is_def and value_wanted and not under_use(table, role, choice)
    found = Counter((node.op, node.payload) for node in nodes(changed) if node.op in (Op.LOCAL, Op.STORE_LOCAL))
    for local, candidate in enumerate(sorted(choice), len(method.locals)):
        assert found[Op.STORE_LOCAL, local] == stores[candidate] > 0
        assert found[Op.LOCAL, local] == reads[candidate] > 0


def under_use(table, role, choice):
    """Whether the nearest chosen tree around is a use, so that the value is kept for others only."""
    around = next((table[parent] for parent in role.parents if table[parent].candidate in choice), None)
    return around is not None and not around.is_def


@modest
@given(either, seeds)
def test_statements_one_by_one_are_those_of_the_whole(method, seed):
    analysis = analyse(method)
    choice = settle(roles(analysis), draw_choice(analysis, seed))
    rewriter = Rewriter(analysis)
    temporaries = {number: local for local, number in enumerate(sorted(choice), len(method.locals))}
    for index, block in enumerate(perform(analysis, choice).blocks):
        statements = range(len(analysis.method.blocks[index].statements))
        mine = [{n: temporaries[n] for n in rewriter.candidates(index, each) & choice} for each in statements]
        made = [rewriter.statement(index, each, mine[each]) for each in statements]
        assert tuple(tree for tree in made if tree is not None) == block.statements


# Candidates


@modest
@given(either)
def test_candidates_agree_with_their_trees(method):
    analysis = analyse(method)
    check(analysis.method)
    seen = set()
    for each in analysis.candidates:
        places = [(o.block, o.statement, o.path) for o in each.occurrences]
        assert seen.isdisjoint(places)
        seen.update(places)
        assert len(places) == each.def_count + each.use_count
        assert [o.is_def for o in each.occurrences].count(True) == each.def_count
        weights = [(analysis.method.blocks[o.block].weight * 100, o.is_def) for o in each.occurrences]
        assert each.use_weight == pytest.approx(sum(weight for weight, is_def in weights if not is_def))
        assert each.def_weight == pytest.approx(sum(weight for weight, is_def in weights if is_def))
        assert each.cost_ex >= 2
        for o in each.occurrences:
            tree = analysis.method.blocks[o.block].statements[o.statement]
            assert not o.hoisted or o.path == ()
            for slot in o.path:
                tree = tree.args[slot]
            assert tree.type is each.type


@modest
@given(either)
def test_candidates_do_not_depend_on_what_locals_are_called(method):
    """Locals in reverse order, the parameters by themselves."""
    params, count = method.parameters, len(method.locals)
    name = [*reversed(range(params)), *reversed(range(params, count))]

    def rename(node):
        payload = name[node.payload] if node.op in (Op.LOCAL, Op.STORE_LOCAL) else node.payload
        return Node(node.op, node.type, tuple(rename(arg) for arg in node.args), payload)

    renamed = replace(
        method,
        locals=tuple(method.locals[name.index(n)] for n in range(count)),
        blocks=tuple(replace(b, statements=tuple(rename(tree) for tree in b.statements)) for b in method.blocks),
    )
    assert analyse(renamed).candidates == analyse(method).candidates


@modest
@given(either)
def test_every_hoisted_statement_can_be_dropped(method):
    """Whatever was planted is some candidate's tree, marked so; the rest is the method as it was."""
    analysis = analyse(method)
    planted = [o for each in analysis.candidates for o in each.occurrences if o.hoisted]
    before = Counter(tree for block in method.blocks for tree in block.statements)
    added = Counter(tree for block in analysis.method.blocks for tree in block.statements) - before
    trees = Counter(analysis.method.blocks[o.block].statements[o.statement] for o in planted)
    assert added == trees
