from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.policies.marks import Marks
from tests.jitcse.policies_cases import analysis, candidate, nested, occurrence


def test_uses_below_a_replaced_use_are_gone():
    marks = Marks(nested(weight=8.0))
    marks.keep(0)
    assert (marks.use_count, marks.use_weight) == ([2, 1], [1600, 800])
    assert marks.viable(1)
    assert not marks.viable(0)


def test_keeping_the_inner_first_leaves_the_outer_alone():
    assert Marks(nested(), [1]).use_count == [2, 3]
    assert Marks(nested(), [1, 0]).use_count[0] == Marks(nested(), [0, 1]).use_count[0]


def three_deep(middle_is_def):
    """0 above 1 above 2, used by statement 1, where 1 may be computed for others."""
    return analysis(
        [
            candidate(occurrences=(occurrence(0, (0,), True), occurrence(1, (0,), False))),
            candidate(occurrences=(occurrence(1, (0, 1), middle_is_def), occurrence(2, (0,), not middle_is_def))),
            candidate(occurrences=(occurrence(0, (0, 1, 0), True), occurrence(1, (0, 1, 0), False))),
        ]
    )


def test_a_def_below_a_replaced_use_is_saved_with_all_below_it():
    assert Marks(three_deep(middle_is_def=True), [0]).use_count == [1, 1, 1]
    assert Marks(three_deep(middle_is_def=False), [0]).use_count == [1, 0, 0]


def test_what_is_left_for_the_others_does_not_depend_on_the_order():
    for middle_is_def in (True, False):
        found = three_deep(middle_is_def)
        for pair in ((0, 1), (0, 2), (1, 2)):
            left = {
                tuple(Marks(found, order).use_count[n] for n in range(3) if n not in pair)
                for order in permutations(pair)
            }
            assert len(left) == 1


def test_a_use_is_counted_away_once():
    found = three_deep(middle_is_def=False)
    assert Marks(found, [0, 1]).use_count[2] == 0
    assert Marks(found, [1, 0]).use_count[2] == 0


def uses_left(found, kept, number):
    """Uses of a candidate with no replaced use above them, or with a def in between that saves them."""
    places = [
        (each.block, each.statement, each.path, owner, each.is_def)
        for owner, candidate in enumerate(found.candidates)
        for each in candidate.occurrences
    ]

    def above(place, use):
        return place[:2] == use[:2] and len(place[2]) < len(use[2]) and use[2][: len(place[2])] == place[2]

    def gone(use):
        replaced = [place for place in places if above(place, use) and place[3] in kept and not place[4]]
        saving = [place for place in places if above(place, use) and place[4]]
        return any(not any(above(top, each) for each in saving) for top in replaced)

    return [place for place in places if place[3] == number and not place[4] and not gone(place)]


@pytest.mark.parametrize("seed", range(25))
def test_generated_methods_lose_the_uses_that_are_below_replaced_ones(seed):
    found, random = analyse(generate(seed)), Random(seed)
    kept = {number for number, each in enumerate(found.candidates) if each.viable and random.random() < 0.4}
    marks = Marks(found, kept)
    for number in set(range(len(found.candidates))) - kept:
        left = uses_left(found, kept, number)
        assert marks.use_count[number] == len(left)
        weight = sum(found.method.blocks[place[0]].weight * 100 for place in left)
        assert marks.use_weight[number] == pytest.approx(weight, abs=1e-6)
