"""The report's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gymcc.benchmarks.report.figures import Style
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.words import NONE, cost, digits, duration, percent, times

Step = tuple[str, str, float]  # action (empty for the start), state as text, cost


def methods_table(rows: Sequence[Mapping[str, Any]], looks: Mapping[str, Style]) -> Markup:
    """One row per method, best first; columns that no method fills are left out."""
    gflops = any(row["gflops_mean"] is not None for row in rows)
    bound = any(row["share_of_bound"] is not None for row in rows)
    heads = [
        ("method", ""),
        ("speed-up", "geometric mean over instances of default / best state on the path"),
        ("of last state", "the same for the state after the last action"),
        ("IQM [95 % interval]", "interquartile mean of the speed-ups, bootstrap interval over instances"),
        *([("GFLOPS", "mean over instances, best state")] if gflops else []),
        *([("of peak" if gflops else "of bound", "geometric mean of lower bound / cost, best state")] if bound else []),
        ("time to tune", "mean per instance, measurements included"),
        ("evaluations", "mean per instance, start state not counted"),
        ("regressions", "share of instances whose last state is over 1 % slower than the default"),
    ]
    head = tag("tr", *(tag("th", text, title=title or None) for text, title in heads))
    body = [_row(row, looks[row["method"]], gflops, bound) for row in sorted(rows, key=lambda r: -r["speedup_geomean"])]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="wide")


def _row(row: Mapping[str, Any], look: Style, gflops: bool, bound: bool) -> Markup:
    low, high = digits(row["speedup_iqm_low"]), digits(row["speedup_iqm_high"])
    evaluations = row["evaluations_mean"]
    cells = [
        times(row["speedup_geomean"]),
        times(row["final_speedup_geomean"]),
        f"{digits(row['speedup_iqm'])} [{low}–{high}]",
        *([NONE if row["gflops_mean"] is None else digits(row["gflops_mean"])] if gflops else []),
        *([percent(row["share_of_bound"])] if bound else []),
        duration(row["seconds_mean"]),
        NONE if evaluations is None else digits(evaluations),
        percent(row["regressions"]),
    ]
    swatch = tag("span", class_="swatch", style=f"background:{look.color}")
    name = tag("td", swatch, row["method"])
    return tag("tr", name, *(tag("td", cell) for cell in cells), class_="ours" if look.width > 2 else None)


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
