"""How good a method was how early: the geometric mean over runs of start cost / best cost so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.record import Record

EVALUATIONS, SECONDS = 0, 1  # columns of a record's curve
POINTS = 160  # per curve
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def by_method(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Records grouped by method, in order of first appearance."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.method, []).append(record)
    return groups


def best_so_far(record: Record, last_counts: bool = False) -> list[list[float]]:
    """The record's curve, closed by a last point at the end of the run; from its path where it has none.

    With ``last_counts`` no point after the start is better than the last state: what was better was not kept.
    """
    costs = np.minimum.accumulate(record.costs)
    share = np.linspace(0, 1, len(costs))
    points = record.curve or [
        [s * record.evaluations, s * record.seconds, c] for s, c in zip(share, costs, strict=True)
    ]
    end = [max(record.evaluations, points[-1][0]), max(record.seconds, points[-1][1]), points[-1][2]]
    kept = record.final_cost if last_counts else 0.0
    return [points[0], *([at, seconds, max(cost, kept)] for at, seconds, cost in [*points[1:], end])]


def quality(records: Sequence[Record], column: int, low: float, last_counts: bool = False) -> Curve:
    """Speed-up over the start state at ``POINTS`` evaluation counts or times from ``low`` to the last run's end.

    A run that has ended keeps what it found; before its first point it stands at 1.
    """
    runs = [np.array(best_so_far(record, last_counts), float) for record in records]
    high = max(max(run[-1, column] for run in runs), low * 1.001)
    grid = np.geomspace(low, high, POINTS)
    if column == EVALUATIONS:
        grid = np.unique(np.floor(grid + 1e-9))
    logs = [_at(run, column, grid) for run in runs]
    return grid, np.exp(np.mean(logs, axis=0))


def _at(run: NDArray[np.float64], column: int, grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of the speed-up of one run at each grid value."""
    index = np.searchsorted(run[:, column], grid * (1 + 1e-12), side="right") - 1
    return np.asarray(np.log(run[0, 2] / run[np.maximum(index, 0), 2]), float)
