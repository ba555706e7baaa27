"""Which methods of a collection are worth learning on, and which of them are kept for testing; as jitml does both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gymcc.envs.jitcse.backends.superpmi.candidates import candidates
from gymcc.envs.jitcse.backends.superpmi.report import Report

SEED = 42
TEST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Filter:
    """Accepts methods with enough choice and few enough candidates to observe."""

    min_viable: int = 3
    max_candidates: int = 16

    def __call__(self, report: Report) -> bool:
        """``report`` of the hook, with named features; raises :class:`~.errors.WrongJit` if some are missing."""
        found = candidates(report)
        return sum(each.viable for each in found) >= self.min_viable and len(found) <= self.max_candidates


@dataclass(frozen=True, slots=True)
class Split:
    """Numbers of methods in the collection."""

    train: tuple[int, ...]
    test: tuple[int, ...]


def split(reports: Iterable[Report], test_share: float = TEST_SHARE, seed: int = SEED) -> Split:
    """Stratified by performed CSEs: of each group of methods that have as many, ``test_share`` are for testing.

    Groups are drawn from in the order of their sizes, methods in the order of their numbers, so that the split depends
    on nothing else; groups too small to be split are left out. Like jitml we feed it the reports without CSEs, of which
    none was performed: they are one group, and the split is jitml's.
    """
    groups: dict[int, list[int]] = {}
    for report in reports:
        groups.setdefault(report.num_cse, []).append(report.index)
    rng = np.random.default_rng(seed)
    train: list[int] = []
    test: list[int] = []
    for group in sorted(groups.values(), key=len):
        if cut := int(len(group) * test_share):
            shuffled = sorted(group)
            rng.shuffle(shuffled)
            test += shuffled[:cut]
            train += shuffled[cut:]
    return Split(tuple(train), tuple(test))
