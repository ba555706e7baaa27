from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.policies import (
    all_viable,
    exhaustive,
    greedy_by_gain,
    hill_climb,
    none,
    optimum,
    random_subset,
    viable,
)
from gymcc.envs.jitcse.policies.optimum import gray_code
from tests.jitcse.policies_cases import analysis, candidate


def landscape(seed, count):
    """A score with gains of single candidates and of pairs, as register pressure gives, and one evaluation each."""
    rng = np.random.default_rng(seed)
    ones, twos = rng.normal(-1, 3, 64), rng.normal(0, 2, (64, 64))
    seen = []

    def score(choice):
        assert choice not in seen, "scored twice"
        seen.append(choice)
        return 100 + sum(ones[a] for a in sorted(choice)) + sum(twos[pair] for pair in combinations(sorted(choice), 2))

    return score, seen


def brute_force(score, numbers):
    return min(score(frozenset(each)) for size in range(len(numbers) + 1) for each in combinations(numbers, size))


numbers = st.lists(st.integers(0, 63), max_size=7, unique=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), numbers)
def test_exhaustive_search_is_brute_force(seed, which):
    score, seen = landscape(seed, len(which))
    found = exhaustive(score, which)
    assert found.proven
    assert found.evaluations == len(seen) == 2 ** len(which)
    assert found.score == brute_force(landscape(seed, len(which))[0], which)
    assert found.score == landscape(seed, len(which))[0](found.choice)


@pytest.mark.parametrize("which", [[], [5], [3, 9], [1, 2, 8, 40]])
def test_gray_code_visits_every_set_changing_one_candidate_at_a_time(which):
    sets = list(gray_code(which))
    assert sets[0] == frozenset()
    assert len(set(sets)) == len(sets) == 2 ** len(which)
    assert all(len(before ^ after) == 1 for before, after in pairwise(sets))


def test_of_equally_good_sets_the_smallest_is_taken_then_the_first():
    assert exhaustive(lambda choice: 1.0, [4, 7]).choice == frozenset()
    assert exhaustive(lambda choice: -min(len(choice), 1), [7, 4]).choice == {4}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), numbers)
def test_climbing_until_all_is_seen_is_exhaustive(seed, which):
    found = hill_climb(landscape(seed, 7)[0], which, budget=10_000)
    assert found.proven
    assert found.score == exhaustive(landscape(seed, 7)[0], which).score


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(11, 20), st.integers(5, 200), st.data())
def test_climbing_is_within_its_budget_and_no_worse_than_its_starts(seed, count, budget, data):
    which = list(range(count))
    starts = data.draw(st.lists(st.frozensets(st.sampled_from(which)), max_size=2))
    score, seen = landscape(seed, count)
    found = optimum(score, which, starts, budget)
    assert not found.proven
    assert found.evaluations == len(seen) == budget
    fresh = lambda choice: landscape(seed, count)[0](choice)  # noqa: E731
    assert found.score == fresh(found.choice)
    assert all(found.score <= fresh(start) for start in (*starts, frozenset(), frozenset(which)))


def test_climbing_flips_two_where_one_does_not_gain():
    hidden = frozenset({1, 3, 4, 8, 9, 13})

    def score(choice):
        distance = len(choice ^ hidden)
        return distance + 100 * (distance % 2)

    assert optimum(score, range(16), budget=900).choice == hidden


def test_climbing_reaches_a_local_optimum_of_exchanges():
    which = list(range(12))
    found = optimum(landscape(1, 12)[0], which, budget=2000)
    fresh = lambda choice: landscape(1, 12)[0](choice)  # noqa: E731
    for size in (1, 2):
        assert all(fresh(found.choice ^ frozenset(flip)) >= found.score for flip in combinations(which, size))


def test_climbing_follows_its_seed():
    def run(seed):
        score, seen = landscape(3, 14)
        optimum(score, range(14), budget=300, seed=seed)
        return seen

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_many_candidates_are_searched_exhaustively_where_the_budget_allows():
    found = optimum(landscape(2, 11)[0], range(11), budget=2048)
    assert found.proven
    assert found.evaluations == 2048


@pytest.mark.parametrize("search", [optimum, hill_climb])
def test_bad_searches_are_refused(search):
    with pytest.raises(ValueError, match="budget of 1"):
        search(lambda choice: 0.0, range(12), budget=1)
    with pytest.raises(ValueError, match=r"got \[12, 40\]"):
        search(lambda choice: 0.0, range(12), starts=[frozenset({3, 12, 40})])
    with pytest.raises(ValueError, match=r"score of \[\] is not a number"):
        search(lambda choice: float("nan"), range(12))


def test_greed_stops_where_nothing_gains():
    gains = {0: -3.0, 1: 5.0, 2: 4.0, 3: 4.0}

    def score(choice):
        return 20 - sum(gains[number] for number in choice) + 9 * ({2, 3} <= choice)

    found = greedy_by_gain(score, [0, 1, 2, 3])
    assert (found.choice, found.score, found.proven) == ({1, 2}, 11, False)
    assert found.evaluations == 1 + 4 + 3 + 2
    assert greedy_by_gain(lambda choice: float(len(choice)), [4, 5]).choice == frozenset()
    assert greedy_by_gain(lambda choice: 1.0, [4, 5]).choice == frozenset()
    assert greedy_by_gain(lambda choice: 1.0, []).evaluations == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), numbers)
def test_greed_is_between_none_and_the_optimum(seed, which):
    found = greedy_by_gain(landscape(seed, 7)[0], which)
    assert exhaustive(landscape(seed, 7)[0], which).score <= found.score <= landscape(seed, 7)[0](frozenset())


def test_plain_subsets():
    found = analysis([candidate(), candidate(why_not_viable="no"), candidate()])
    assert viable(found) == (0, 2)
    assert none(found) == frozenset()
    assert all_viable(found) == {0, 2}


def test_random_subsets_are_of_any_size_and_of_viable_candidates():
    rng = np.random.default_rng(0)
    found = analysis([candidate(), candidate(why_not_viable="no"), candidate()])
    counts = {}
    for _ in range(3000):
        each = random_subset(found, rng)
        counts[each] = counts.get(each, 0) + 1
    # sizes 1, 2, 3 of 3: only the one that is not viable in 1/9, both others in 1/3 + 1/9, each alone in 2/9
    expected = {frozenset(): 1 / 9, frozenset({0}): 2 / 9, frozenset({2}): 2 / 9, frozenset({0, 2}): 4 / 9}
    assert counts.keys() == expected.keys()
    for each, share in expected.items():
        assert counts[each] / 3000 == pytest.approx(share, abs=0.03)
    assert random_subset(analysis(), rng) == frozenset()
