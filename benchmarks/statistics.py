"""Comparing methods over instances: robust means, intervals, profiles (numpy only).

Scores are per-instance ratios to a baseline, > 1 meaning better. Aggregates follow Agarwal et al., "Deep Reinforcement
Learning at the Edge of the Statistical Precipice" (NeurIPS 2021): interquartile means with percentile-bootstrap
intervals and performance profiles rather than bare means. All functions raise ValueError for empty or non-finite input.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gymcc.envs.core.choices import choose

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]  # reduces the last axis
REGRESSION = 0.01  # slower than the baseline by more than this share


class Interval(NamedTuple):
    """An estimate with the bounds of its confidence interval."""

    estimate: float
    low: float
    high: float


def geometric_mean(ratios: ArrayLike) -> float:
    """The mean of ratios, which must be positive."""
    return float(_geometric_mean(_positive(ratios)))


def interquartile_mean(values: ArrayLike) -> float:
    """Mean of the middle half: the lowest and the highest ``n // 4`` of n values are left out."""
    return float(_interquartile_mean(_finite(values)))


def bootstrap_interval(
    values: ArrayLike,
    statistic: str = "iqm",
    *,
    strata: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    resamples: int = 5000,
    seed: int = 0,
) -> Interval:
    """Percentile-bootstrap interval of ``iqm`` or ``geomean`` over ``values``, ``(instances,)``.

    ``strata``: a label per value, e.g. its dataset; each label keeps its number of values in every resample.
    """
    data = _positive(values) if statistic == "geomean" else _finite(values)
    reduce = choose(STATISTICS, statistic, "statistic")
    random = np.random.default_rng(seed)
    picks = [random.choice(group, (resamples, len(group))) for group in _groups(len(data), strata)]
    spread = reduce(data[np.concatenate(picks, axis=1)])
    tail = (1 - confidence) / 2
    low, high = np.quantile(spread, [tail, 1 - tail])
    return Interval(float(reduce(data)), float(low), float(high))


def beats(interval: Interval) -> bool:
    """Whether an interval of ratios lies above 1: the only ground to say that one method beats another."""
    return interval.low > 1


def regressions(ratios: ArrayLike, tolerance: float = REGRESSION) -> float:
    """Share of instances whose cost grew to more than ``1 + tolerance`` times the baseline's."""
    return float(np.mean(1 / _positive(ratios) > 1 + tolerance))


def performance_profile(ratios: ArrayLike, thresholds: ArrayLike) -> Floats:
    """For each threshold the share of instances whose ratio reaches it, ``(thresholds,)``."""
    reached = _finite(ratios)[:, None] >= np.asarray(thresholds, float)[None, :]
    return np.asarray(reached.mean(axis=0), float)


def probability_of_improvement(ours: ArrayLike, theirs: ArrayLike) -> float:
    """Chance that a run of ours beats a run of theirs on the same instance, ties counting half.

    Both are ``(instances,)`` or ``(instances, runs)``; the numbers of runs may differ. This is Mann-Whitney's U over
    the product of the run counts, averaged over instances.
    """
    x, y = (_finite(values).reshape(len(np.asarray(values)), -1) for values in (ours, theirs))
    if len(x) != len(y):
        raise ValueError(f"{len(x)} and {len(y)} instances: both sides need the same ones")
    pairs = np.sign(x[:, :, None] - y[:, None, :])
    return float((pairs + 1).mean() / 2)


def _geometric_mean(data: Floats) -> Floats:
    return np.asarray(np.exp(np.log(data).mean(axis=-1)), float)


def _interquartile_mean(data: Floats) -> Floats:
    size = data.shape[-1]
    cut = size // 4
    return np.asarray(np.sort(data, axis=-1)[..., cut : size - cut].mean(axis=-1), float)


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Rank correlation of two finite series, ties sharing their mean rank; nan if either is constant."""
    one, other = _ranks(_finite(x)), _ranks(_finite(y))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


STATISTICS: dict[str, Statistic] = {"iqm": _interquartile_mean, "geomean": _geometric_mean}


def _groups(size: int, strata: Sequence[Hashable] | None) -> list[NDArray[np.int64]]:
    if strata is None:
        return [np.arange(size)]
    if len(strata) != size:
        raise ValueError(f"{len(strata)} strata for {size} values")
    members: dict[Hashable, list[int]] = {}
    for index, label in enumerate(strata):
        members.setdefault(label, []).append(index)
    return [np.array(group) for group in members.values()]


def _finite(values: ArrayLike) -> Floats:
    data = np.asarray(values, float)
    if data.size == 0 or not np.isfinite(data).all():
        raise ValueError("statistics need at least one value, all of them finite")
    return data


def _positive(values: ArrayLike) -> Floats:
    data = _finite(values)
    if (data <= 0).any():
        raise ValueError("ratios must be positive")
    return data
