"""The section that compares with the compiler's own heuristic, instance by instance."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.report.bars import Bar, Share, histogram, key, strip
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.standing import MEASURED_EQUAL, Standing
from gymcc.benchmarks.report.summary import HEURISTIC, Outcomes, against_heuristic
from gymcc.benchmarks.report.svg import Axis
from gymcc.benchmarks.report.words import digits, interval, short
from gymcc.benchmarks.statistics import bootstrap_interval

BETTER, SAME, WORSE = "#2a9d63", "#9aa5b4", "#b0413e"
FEWEST, MOST = 16, 44  # bars of a histogram
OUTLIERS = 0.005  # share of the values at either end that may be gathered in the outermost bar
Floats = NDArray[np.float64]


def heuristic_section(runs: Outcomes, ours: str) -> list[Markup]:
    """Better, the same, worse, and a histogram; nothing where the heuristic has not been run or is ours."""
    found = against_heuristic(runs, ours) if ours != HEURISTIC else None
    if found is None:
        return []
    names = ("better", "the same", "worse")
    shares = [Share(*each) for each in zip(names, found.counts, (BETTER, SAME, WORSE), strict=True)]
    head = tag("h2", "Against the heuristic")
    return [head, tag("p", _sentence(found, ours)), strip(shares), key(shares), *_where_they_differ(found)]


def _sentence(found: Standing, ours: str) -> str:
    better, same, worse = found.counts
    whole = bootstrap_interval(list(found.gains.values()), "geomean")
    return (
        f"On {better} of {len(found.gains)} instances {ours} ends better than the compiler's own heuristic, on {same} "
        f"the same and on {worse} worse. Its last states are {interval(whole)} as fast (geometric mean)."
    )


def _where_they_differ(found: Standing) -> list[Markup]:
    """A histogram of the gains on the instances that are not the same, if there are any."""
    better, worse = (np.log([*gains.values()]) for gains in (found.better, found.worse))
    both = np.concatenate([better, worse])
    if not len(both):
        return []
    edges = _edges(both)
    bars = [*_bars(better, edges, BETTER), *_bars(worse, edges, WORSE)]
    low, high = np.exp(edges[[0, -1]]).tolist()
    x = Axis("the heuristic's cost over ours: right of the line ours is better", low, high, log=True)
    y = Axis("instances", 0, max(bar.count for bar in bars) * 1.08, text=_whole)
    same = "costs within 1 % of each other" if found.tolerance == MEASURED_EQUAL else "equal costs"
    note = f"Instances with {same} are left out."
    if both.min() < edges[0] or both.max() > edges[-1]:
        note += " The outermost bars hold what lies beyond them, too."
    drawing = histogram(bars, x, y, 1.0)
    return [tag("figure", tag("figcaption", "Where they differ"), drawing, tag("p", note, class_="note"))]


def _edges(logs: Floats) -> Floats:
    """Of bars of equal width, one edge at 0 and bars on each side that has values; outliers may lie outside."""
    low, high = min(0.0, _end(logs)), max(0.0, -_end(-logs))
    width = (high - low) / max(FEWEST, min(MOST, 3 * isqrt(len(logs))))
    first = min(np.floor(low / width + 1e-9), -float((logs < 0).any()))
    last = max(np.ceil(high / width - 1e-9), float((logs > 0).any()))
    return width * np.arange(first, last + 1)


def _end(logs: Floats) -> float:
    """The lowest value, or that above ``OUTLIERS`` of all where it is less than half as far from 0."""
    lowest, low = float(logs.min()), float(np.quantile(logs, OUTLIERS, method="lower"))
    return lowest if abs(lowest) <= 2 * abs(low) else low


def _bars(logs: Floats, edges: Floats, color: str) -> list[Bar]:
    """A bar between each two edges; values outside count for the outermost."""
    counts, _ = np.histogram(np.clip(logs, edges[0], edges[-1]), edges)
    ends = np.exp(edges).tolist()
    return [
        Bar(low, high, count, color, f"{digits(low, 4)} to {digits(high, 4)}: {count} instances")
        for low, high, count in zip(ends[:-1], ends[1:], counts.tolist(), strict=True)
    ]


def _whole(value: float) -> str:
    return short(value) if value == int(value) else ""
