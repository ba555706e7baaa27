"""The report's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gymcc.benchmarks.report.figures import Style
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.summary import BEST, FINAL, counted
from gymcc.benchmarks.report.words import NONE, bounds, cost, counts, digits, duration, percent, ratio, times

Step = tuple[str, str, float]  # action (empty for the start), state as text, cost
Feature = tuple[str, float, float | None]  # name, share of decisions that change without it, ratio of last costs


def methods_table(rows: Sequence[Mapping[str, Any]], looks: Mapping[str, Style]) -> Markup:
    """One row per method, best first; columns that no method fills are left out."""
    gflops, bound, standing = (
        any(row[name] is not None for row in rows) for name in ("gflops_mean", "share_of_bound", "better")
    )
    heads = [
        ("method", ""),
        *_speedups(rows),
        ("IQM [95 % interval]", "interquartile mean of the first column, bootstrap interval over instances"),
        *([("GFLOPS", "mean over instances")] if gflops else []),
        *([("of peak" if gflops else "of bound", "geometric mean of lower bound / cost")] if bound else []),
        ("time to tune", "mean per instance, measurements included"),
        ("evaluations", "mean per instance, start state not counted"),
        ("regressions", "share of instances whose last state is over 1 % slower than the default"),
        *([("vs heuristic", "instances whose last state is better / the same / worse")] if standing else []),
    ]
    head = tag("tr", *(tag("th", text, title=title or None) for text, title in heads))
    best_first = sorted(rows, key=lambda row: -counted(row)[0])
    body = [_row(row, looks[row["method"]], gflops, bound, standing) for row in best_first]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="wide")


def _speedups(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Heads of the two columns of speed-ups, the one that counts first."""
    names = {BEST: "of best on path", FINAL: "of last state"}
    texts = {BEST: "for the best state on the path", FINAL: "for the state after the last action"}
    first, second = rows[0]["counted"], _other(rows[0])
    said = f"geometric mean over instances of default / cost, {texts[first]}"
    return [("speed-up", said), (names[second], f"the same {texts[second]}")]


def _other(row: Mapping[str, Any]) -> str:
    """The speed-up that does not count."""
    return BEST if row["counted"] == FINAL else FINAL


def _row(row: Mapping[str, Any], look: Style, gflops: bool, bound: bool, standing: bool) -> Markup:
    geomean, iqm, low, high = counted(row)
    evaluations = row["evaluations_mean"]
    cells = [
        times(geomean),
        times(row[f"{_other(row)}_geomean"]),
        f"{ratio(iqm)} [{bounds(iqm, low, high)}]",
        *([NONE if row["gflops_mean"] is None else digits(row["gflops_mean"])] if gflops else []),
        *([percent(row["share_of_bound"])] if bound else []),
        duration(row["seconds_mean"]),
        NONE if evaluations is None else digits(evaluations),
        percent(row["regressions"]),
        *([counts(row)] if standing else []),
    ]
    swatch = tag("span", class_="swatch", style=f"background:{look.color}")
    name = tag("td", swatch, row["method"])
    return tag("tr", name, *(tag("td", cell) for cell in cells), class_="ours" if look.width > 2 else None)


def importance_table(features: Sequence[Feature]) -> Markup:
    """One row per feature with a bar as long as the share of decisions that it changes."""
    most = max(changed for _, changed, _ in features)
    costs = any(worse is not None for _, _, worse in features)
    rows = []
    for name, changed, worse in features:
        bar = tag("span", class_="bar", style=f"width:{100 * changed / most:.1f}%")
        cells = [tag("td", tag("code", name)), tag("td", percent(changed)), tag("td", bar, class_="bars")]
        cost = [tag("td", NONE if worse is None else times(worse))] if costs else []
        rows.append(tag("tr", *cells, *cost))
    heads = ["feature", "decisions changed", "", *(["cost without it"] if costs else [])]
    table = tag("table", tag("thead", tag("tr", *(tag("th", head) for head in heads))), tag("tbody", *rows))
    return tag("div", table, class_="wide importance")


def steps_table(steps: Sequence[Step], unit: str, flops: float | None) -> Markup:
    """The cost, or the speed where the work is known, after each action, with bars; the best step is marked."""
    speeds = [(flops / 1e9 if flops else steps[0][2]) / value for _, _, value in steps]
    best = max(range(len(speeds)), key=speeds.__getitem__)
    rows = []
    for number, ((action, _, value), speed) in enumerate(zip(steps, speeds, strict=True)):
        bar = tag("span", class_="bar", style=f"width:{100 * speed / speeds[best]:.1f}%")
        said = digits(speed) if flops else times(speed)
        cells = [str(number), tag("code", action) if action else "default", cost(value, unit), said]
        row = [*(tag("td", cell) for cell in cells), tag("td", bar, class_="bars")]
        rows.append(tag("tr", *row, class_="ours" if number == best else None))
    heads = ["step", "action", "cost", "GFLOPS" if flops else "speed-up", ""]
    table = tag("table", tag("thead", tag("tr", *(tag("th", head) for head in heads))), tag("tbody", *rows))
    return tag("div", table, class_="wide steps")
