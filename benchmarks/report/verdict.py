"""What a comparison says, in sentences that claim no more than the intervals allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gymcc.benchmarks.report.summary import HEURISTIC, Outcomes, best_of, counted, per_instance, versus
from gymcc.benchmarks.report.words import bounds, counts, digits, duration, interval, percent, ratio, times
from gymcc.benchmarks.statistics import Interval, beats

Row = Mapping[str, Any]
Card = tuple[str, str]  # figure, what it is


def strongest(rows: Sequence[Row], ours: str) -> str | None:
    """The search with the highest geometric mean among the others; None if there is none."""
    searches = [row for row in rows if row["method"] != ours and row["evaluations_mean"] is not None]
    return max(searches, key=lambda row: counted(row)[0])["method"] if searches else None


def cards(row: Row, against: tuple[str, Interval] | None) -> list[Card]:
    """The headline figures."""
    found = [(times(counted(row)[0]), "over the default (geometric mean)")]
    if against is not None:
        found.append((times(against[1].estimate), f"the best search, {against[0]}"))
    if row["share_of_bound"] is not None:
        found.append((percent(row["share_of_bound"]), "of peak" if row["gflops_mean"] else "of the lower bound"))
    if row["seconds_mean"] is not None:
        found.append((duration(row["seconds_mean"]), "to tune an instance"))
    if row["better"] is not None and row["method"] != HEURISTIC:
        found.append((counts(row), "instances better / the same / worse than the heuristic"))
    return [*found, (percent(row["regressions"]), "of instances regress")]


def compared(runs: Outcomes, ours: str, other: str | None) -> tuple[str, Interval] | None:
    """The strongest search and our ratio to it; None if there is none or it shares no instance with us."""
    own, theirs = per_instance(runs[ours]), per_instance(runs[other]) if other else {}
    return (other, versus(own, theirs)) if other and own.keys() & theirs.keys() else None


def sentences(runs: Outcomes, row: Row, against: tuple[str, Interval] | None) -> str:
    """The summary paragraph."""
    ours = str(row["method"])
    geomean, iqm, low, high = counted(row)
    text = (
        f"On {row['instances']} instances {ours} is {times(geomean)} as fast as the default (geometric "
        f"mean; interquartile mean {ratio(iqm)}, 95 % interval {bounds(iqm, low, high)})"
    )
    if row["evaluations_mean"] is not None:
        text += f", for {digits(row['evaluations_mean'])} evaluations and {duration(row['seconds_mean'])} each"
    text += ". "
    if against is None:
        return text
    other, found = against
    text += f"Against {other}, the strongest search here, it reaches {interval(found)}: {_judged(ours, other, found)}. "
    rest = [per_instance(found) for name, found in runs.items() if name != ours and found[0].evaluations is not None]
    if len(rest) > 1:
        text += (
            f"Against the best that any of the searches found on each instance: {interval(_oracle(runs, ours, rest))}."
        )
    return text


def _oracle(runs: Outcomes, ours: str, rest: list[dict[str, float]]) -> Interval:
    return versus(per_instance(runs[ours]), best_of(rest))


def _judged(ours: str, other: str, found: Interval) -> str:
    if beats(found):
        return f"{ours} beats it"
    if found.high < 1:
        return f"{other} is better"
    return "neither can be said to beat the other"
