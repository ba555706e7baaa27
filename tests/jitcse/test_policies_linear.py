from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies import X64_WINDOWS, all_viable, linear, linear_order, linear_sample, mlcse_features
from gymcc.envs.jitcse.policies.linear import MLCSE_NAMES, SHIPPED_WEIGHTS, softmax
from tests.jitcse.policies_cases import analyses, analysis, candidate, method, nested


def only(name, weight=1.0):
    """Weights that look at one feature."""
    return [weight if each == name else 0.0 for each in MLCSE_NAMES]


def test_a_row_in_full():
    each = candidate(
        type=Type.LONG,
        live_across_call=True,
        const=True,
        cost_ex=2,
        cost_sz=4,
        use_count=3,
        use_weight=800.0,
        def_count=2,
        def_weight=200.0,
        distinct_locals=0,
        local_occurrences=0,
        make_cse=True,
        has_call=True,
        containable=True,
        block_spread=1,
    )
    rows = mlcse_features(analysis([each]))
    log = lambda value: math.log(value / 1e-3)  # noqa: E731
    expected = [2, log(800), log(200), 4, 3, 2, 5, 5, 5, 0, 5, 5, 5, 5, 5, 0, 0, 5, log(2400), 0, 2.5, 5, 5, 5, 0]
    assert rows.shape == (2, 25)
    np.testing.assert_allclose(rows[0], expected)
    np.testing.assert_array_equal(rows[1], 0)  # no local would be spilled


def test_floats_are_not_integers_and_structs_are():
    rows = mlcse_features(
        analysis([candidate(type=type) for type in (Type.DOUBLE, Type.SIMD, Type.STRUCT, Type.OTHER)])
    )
    np.testing.assert_array_equal(rows[:4, MLCSE_NAMES.index("integer")], [0, 0, 5, 5])


def test_a_shared_constant_is_not_also_a_plain_one():
    rows = mlcse_features(analysis([candidate(const=True, shared_const=True), candidate(const=True)]))
    names = ("const_not_shared", "shared_const")
    assert [[rows[row, MLCSE_NAMES.index(name)] for name in names] for row in (0, 1)] == [[0, 5], [5, 0]]


def test_a_candidate_may_lose_its_charm_with_its_uses():
    weights = [a + b + c for a, b, c in zip(only("cost_ex"), only("use_count"), only("cost_sz", -6.5 / 3), strict=True)]
    assert linear_order(nested(), weights) == (0,)  # the inner is worth 8 - 6.5, but 6 - 6.5 once the outer is kept


def test_stopping_gets_attractive_when_registers_are_taken():
    found = analysis([candidate()] * 5, method([Type.INT] * 17, range(30, 13, -1)))

    def at(chosen):
        return mlcse_features(found, chosen)[-1]

    # 14 registers: the 15th local would be spilled, after two temporaries the 13th
    assert at(frozenset())[-1] == pytest.approx(math.log(16 / 1e-3))
    assert at(frozenset({1, 4}))[-1] == pytest.approx(math.log(18 / 1e-3))
    np.testing.assert_array_equal(at(frozenset())[:-1], 0)


def test_floating_locals_do_not_compete_but_vectors_do():
    found = analysis((), method([Type.DOUBLE] * 20, [9] * 20))
    assert mlcse_features(found)[-1, -1] == 0
    assert mlcse_features(analysis((), method([Type.SIMD] * 20, [9] * 20)))[-1, -1] > 0
    assert mlcse_features(found, machine=X64_WINDOWS)[-1, -1] == 0


def test_uses_that_went_with_others_no_longer_count():
    rows = mlcse_features(nested(), frozenset({0}))
    assert rows[1, MLCSE_NAMES.index("use_count")] == 1
    assert rows[1, MLCSE_NAMES.index("log_use_weight")] == pytest.approx(math.log(100 / 1e-3))


def test_candidates_that_do_not_exist_are_named():
    with pytest.raises(ValueError, match=r"2 candidates, got \[2, 7\]"):
        mlcse_features(nested(), frozenset({0, 2, 7}))


def test_the_most_preferred_comes_first_until_stopping_is_preferred():
    found = analysis([candidate(cost_ex=cost) for cost in (4, 9, 2, 9)], method([Type.INT] * 20, [4] * 20))
    assert linear_order(found, only("cost_ex")) == (1, 3, 0, 2)
    weights = only("cost_ex")
    weights[-1] = 5 / math.log(4 / 1e-3)  # stopping is worth 5
    assert linear_order(found, weights) == (1, 3)
    assert linear(found, weights) == {1, 3}


def test_a_tie_goes_to_stopping():
    assert linear_order(analysis([candidate()] * 3), [0.0] * 25) == ()


def test_one_candidate_by_hand_with_the_shipped_weights():
    rows = mlcse_features(analysis([candidate()]))
    log = math.log(100 / 1e-3)
    by_hand = (
        3 * (0.2425 - 0.2363)
        + log * (0.2479 + 0.1089 + 0.3475 - 0.0590)
        + 0.2472
        - 0.0559
        - 5 * 0.0585
        - 0.0315
        - 0.0745
    )
    assert rows[0] @ SHIPPED_WEIGHTS == pytest.approx(by_hand)
    assert linear(analysis([candidate()])) == {0}


def test_a_cheap_constant_across_a_call_is_left_alone():
    poor = candidate(const=True, live_across_call=True, cost_ex=2, use_weight=1.0, def_weight=1.0, distinct_locals=0)
    assert linear(analysis([poor], method([Type.INT] * 16, [1] * 16))) == frozenset()


@pytest.mark.parametrize("weights", [[1.0] * 24, [1.0] * 26, [[1.0] * 25]])
def test_there_are_25_weights(weights):
    with pytest.raises(ValueError, match="25 weights"):
        linear(analysis(), weights)


def test_softmax_of_large_preferences_is_finite():
    np.testing.assert_allclose(softmax(np.array([1000.0, 1000.0 + math.log(3)])), [0.25, 0.75])


def test_samples_follow_the_softmax():
    found = analysis([candidate(cost_ex=3)])
    weights = only("cost_ex", 0.3)
    kept = sum(bool(linear_sample(found, rng, weights)) for rng in [np.random.default_rng(0)] for _ in range(2000))
    assert kept / 2000 == pytest.approx(1 / (1 + math.exp(-0.9)), abs=0.03)


def test_samples_follow_their_seed():
    found = analysis([candidate(cost_ex=n) for n in range(3, 9)])
    draws = [
        [linear_sample(found, rng, [0.0] * 25) for _ in range(20)] for rng in map(np.random.default_rng, (1, 1, 2))
    ]
    assert draws[0] == draws[1] != draws[2]


@settings(max_examples=40, deadline=None)
@given(analyses(), st.integers(0, 2**32))
def test_policies_keep_viable_candidates_once_and_greed_is_what_the_rows_say(found, seed):
    order = linear_order(found)
    sample = linear_sample(found, np.random.default_rng(seed))
    for each in (order, sample):
        assert len(set(each)) == len(each)
        assert set(each) <= all_viable(found)
    for step in range(len(order) + 1):
        preferences = mlcse_features(found, frozenset(order[:step])) @ SHIPPED_WEIGHTS
        assert np.isfinite(preferences).all()
        left = all_viable(found) - set(order[:step])
        best = max((preferences[number] for number in left), default=-math.inf)
        if step < len(order):
            assert preferences[order[step]] == best > preferences[-1]
        else:
            assert best <= preferences[-1]
