import math
from statistics import fmean
from statistics import geometric_mean as exact_geometric_mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.benchmarks import statistics as ours

ratio = st.floats(0.01, 100)
ratios = st.lists(ratio, min_size=1, max_size=40)
scipy_stats = pytest.importorskip("scipy.stats")


@given(ratios)
def test_geometric_mean_is_the_standard_library_s_and_turns_over(values):
    assert ours.geometric_mean(values) == pytest.approx(exact_geometric_mean(values))
    assert ours.geometric_mean([1 / v for v in values]) == pytest.approx(1 / ours.geometric_mean(values))


@given(ratios)
def test_interquartile_mean_is_scipy_s_trimmed_mean(values):
    assert ours.interquartile_mean(values) == pytest.approx(scipy_stats.trim_mean(values, 0.25))


def test_interquartile_mean_ignores_outliers():
    assert ours.interquartile_mean([1, 2, 3, 4, 5, 6, 7, 1e9]) == fmean([3, 4, 5, 6])


@pytest.mark.parametrize(
    ("statistic", "reference"),
    [
        ("iqm", lambda x, axis: scipy_stats.trim_mean(x, 0.25, axis=axis)),
        ("geomean", lambda x, axis: scipy_stats.gmean(x, axis=axis)),
    ],
)
def test_interval_agrees_with_scipy_s_bootstrap(statistic, reference):
    values = np.random.default_rng(5).lognormal(0.3, 0.5, 80)
    interval = ours.bootstrap_interval(values, statistic, resamples=20_000)
    theirs = scipy_stats.bootstrap((values,), reference, n_resamples=20_000, method="percentile", rng=1, axis=-1)
    assert interval.estimate == pytest.approx(reference(values, axis=-1))
    width = interval.high - interval.low
    assert interval.low == pytest.approx(theirs.confidence_interval.low, abs=0.04 * width)
    assert interval.high == pytest.approx(theirs.confidence_interval.high, abs=0.04 * width)


@given(ratios, st.sampled_from(["iqm", "geomean"]))
def test_interval_lies_within_the_values_and_repeats(values, statistic):
    first = ours.bootstrap_interval(values, statistic, resamples=200, seed=3)
    assert min(values) * (1 - 1e-9) <= first.low <= first.high <= max(values) * (1 + 1e-9)
    assert first == ours.bootstrap_interval(values, statistic, resamples=200, seed=3)


def test_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    truth, hits = math.exp(0.2), 0
    for trial in range(300):
        interval = ours.bootstrap_interval(random.lognormal(0.2, 0.3, 60), "geomean", resamples=400, seed=trial)
        hits += interval.low <= truth <= interval.high
    assert 0.90 <= hits / 300 <= 0.98


def test_strata_keep_their_sizes():
    values = [1.0] * 10 + [100.0] * 10  # within a stratum all are equal, so no resample can differ
    strata = ["a"] * 10 + ["b"] * 10
    assert len(set(ours.bootstrap_interval(values, "geomean", strata=strata))) == 1
    assert len(set(ours.bootstrap_interval(values, "geomean"))) == 3


@pytest.mark.parametrize(("low", "wins"), [(0.99, False), (1.0, False), (1.01, True)])
def test_beats_needs_the_whole_interval_above_one(low, wins):
    assert ours.beats(ours.Interval(1.2, low, 1.5)) is wins


def test_regressions_are_those_more_than_a_percent_slower():
    assert ours.regressions([2.0, 1.0, 1 / 1.009, 1 / 1.011, 0.5]) == 0.4


@given(ratios, st.lists(ratio, min_size=1, max_size=10))
def test_profile_counts(values, thresholds):
    expected = [sum(value >= threshold for value in values) / len(values) for threshold in thresholds]
    assert ours.performance_profile(values, thresholds).tolist() == pytest.approx(expected)


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 5), min_size=1, max_size=8))
def test_probability_of_improvement_is_mann_whitney_averaged_over_instances(rows):
    x, y = [row[:3] for row in rows], [row[3:] for row in rows]
    expected = fmean(scipy_stats.mannwhitneyu(a, b).statistic / 6 for a, b in zip(x, y, strict=True))
    assert ours.probability_of_improvement(x, y) == pytest.approx(expected)


def test_probability_of_improvement_with_one_run_each():
    assert ours.probability_of_improvement([3, 2, 1], [1, 2, 3]) == 0.5
    assert ours.probability_of_improvement([3, 3, 1], [1, 2, 3]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ours.geometric_mean([]), "at least one value"),
        (lambda: ours.interquartile_mean([1.0, math.nan]), "finite"),
        (lambda: ours.geometric_mean([1.0, 0.0]), "positive"),
        (lambda: ours.bootstrap_interval([1.0], "mean"), "unknown statistic 'mean'; allowed: iqm, geomean"),
        (lambda: ours.bootstrap_interval([1.0], strata=["a", "b"]), "2 strata for 1 values"),
        (lambda: ours.probability_of_improvement([1.0], [1.0, 2.0]), "1 and 2 instances"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
