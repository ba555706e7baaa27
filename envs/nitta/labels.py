"""Labels of nodes from the leaves below them, as NITTA's own machine learning makes them (nitta, ``ml/synthesis``).

A leaf that is no schedule is worth -3, a schedule 10 - z(duration) - 0.1 * z(depth), where z is in standard deviations
from the mean over the schedules found in the same tree. A leaf's label goes up to all nodes above it; a positive one
shrinks on the way so that half of it is left at the root of a path of average length. What reaches a node several
times is mixed, 0.6 * the greatest + 0.4 * the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, nan
from statistics import fmean, pstdev

FAILURE = -3.0
BEST_SHARE, MEAN_SHARE = 0.6, 0.4
DEPTH_WEIGHT = 0.1
TINY = 1e-5  # keeps the deviation of equal values from being 0


@dataclass(frozen=True, slots=True)
class Leaf:
    """The end of a path: ``duration`` in ticks, and how many descents ended there."""

    sid: str
    success: bool
    duration: int
    visits: int = 1

    @property
    def depth(self) -> int:
        """Decisions from the root."""
        return len(ancestors(self.sid))


def ancestors(sid: str) -> list[str]:
    """The ids above a node, from its parent up to the root "-"."""
    parts = sid.split("-")[1:] if sid != "-" else []
    return ["-" + "-".join(parts[:length]) for length in range(len(parts) - 1, -1, -1)]


@dataclass(slots=True)
class _Mix:
    greatest: float = -inf
    total: float = 0.0
    count: int = 0

    def add(self, label: float, times: int) -> None:
        self.greatest = max(self.greatest, label)
        self.total += label * times
        self.count += times

    @property
    def value(self) -> float:
        return BEST_SHARE * self.greatest + MEAN_SHARE * self.total / self.count


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the schedules found in a tree; nan where there is none."""

    mean_duration: float
    std_duration: float
    mean_depth: float
    std_depth: float

    @classmethod
    def of(cls, leaves: Iterable[Leaf]) -> Statistics:
        """Each schedule counts as often as it was reached."""
        successes = [leaf for leaf in leaves if leaf.success for _ in range(leaf.visits)]
        if not successes:
            return cls(nan, nan, nan, nan)
        durations, depths = [leaf.duration for leaf in successes], [leaf.depth for leaf in successes]
        return cls(fmean(durations), pstdev(durations) + TINY, fmean(depths), pstdev(depths) + TINY)

    def label(self, leaf: Leaf) -> float:
        """What a leaf of this tree is worth."""
        if not leaf.success:
            return FAILURE
        duration = (leaf.duration - self.mean_duration) / self.std_duration
        depth = (leaf.depth - self.mean_depth) / self.std_depth
        return 10 - duration - DEPTH_WEIGHT * depth

    @property
    def decay(self) -> float:
        """What is left of a positive label one level up."""
        return 0.5 ** (1 / self.mean_depth) if self.mean_depth > 0 else 1.0


@dataclass(slots=True)
class Labels:
    """The labels of all nodes on the way to the leaves of one tree."""

    mixes: dict[str, _Mix] = field(default_factory=dict)

    def add(self, leaf: Leaf, label: float, decay: float) -> None:
        self._at(leaf.sid).add(label, leaf.visits)
        for sid in ancestors(leaf.sid):
            label = label * decay if label > 0 else label
            self._at(sid).add(label, leaf.visits)

    def _at(self, sid: str) -> _Mix:
        return self.mixes.setdefault(sid, _Mix())


def labelled(leaves: Iterable[Leaf]) -> Mapping[str, float]:
    """The label of every node on the way to the leaves of one tree, by id."""
    leaves = list(leaves)
    statistics = Statistics.of(leaves)
    labels = Labels()
    for leaf in leaves:
        labels.add(leaf, statistics.label(leaf), statistics.decay)
    return {sid: mix.value for sid, mix in labels.mixes.items()}
