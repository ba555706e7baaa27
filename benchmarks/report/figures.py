"""The report's figures. ``ours`` is the method under test, drawn on top and in a colour of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gymcc.benchmarks.report.curves import EVALUATIONS, SECONDS, by_method, quality
from gymcc.benchmarks.report.markup import Markup, join, tag
from gymcc.benchmarks.report.summary import Outcomes, Scores, best_of, per_instance
from gymcc.benchmarks.report.svg import Axis, Series, axis_over, chart
from gymcc.benchmarks.report.words import percent, short, tick_duration, times
from gymcc.benchmarks.statistics import geometric_mean, performance_profile
from gymcc.envs.core.record import Record

OURS = "#e4572e"
PALETTE = ("#3b75c4", "#2a9d63", "#c79a1b", "#9a4fb5", "#2bb0c0", "#8a6d4b", "#d26fa0", "#6b7a8f")
DASHES = (None, "2 3", "9 2 2 2")
TOOL_DASH = "7 3"
MAX_POINTS = 2000  # of a scatter
METRICS = {  # column of metrics.jsonl -> what it is called
    "return_mean": "mean return per episode",
    "validation_speedup": "validation speed-up",
    "illegal_rate": "share of illegal actions",
    "steps_per_s": "environment steps per second",
    "loss": "loss",
}


@dataclass(frozen=True)
class Style:
    """How a method is drawn."""

    color: str
    width: float = 1.8
    dash: str | None = None


def styles(runs: Outcomes, ours: str) -> dict[str, Style]:
    """A distinct colour, and past the palette a dash pattern, for every method; outside tools are dashed."""
    found = {}
    for index, method in enumerate(method for method in runs if method != ours):
        tool = runs[method][0].evaluations is None
        dash = TOOL_DASH if tool else DASHES[index // len(PALETTE) % len(DASHES)]
        found[method] = Style(PALETTE[index % len(PALETTE)], dash=dash)
    return found | {ours: Style(OURS, 3.0)}


def figure(drawing: Markup, title: str, *below: Markup) -> Markup:
    """A drawing with its title above and a legend or remark below."""
    return tag("figure", tag("figcaption", title), drawing, *below)


def learning(metrics: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """One panel per known column of the metrics, over environment steps."""
    panels = []
    for column, name in METRICS.items():
        rows = [(row["env_steps"], row[column]) for row in metrics if _number(row.get(column)) and "env_steps" in row]
        if len(rows) < 2:
            continue
        xs, ys = [float(x) for x, _ in rows], [float(y) for _, y in rows]
        text = percent if column == "illegal_rate" else short
        axes = Axis("environment steps", 0, max(xs) * 1.02), axis_over(ys, name, text=text)
        panels.append(
            figure(chart([Series(name, xs, ys, OURS, 2.0, end=True)], *axes, width=330, height=230), name.capitalize())
        )
    return panels


def anytime(records: Sequence[Record], runs: Outcomes, looks: Mapping[str, Style], column: int) -> Markup:
    """:func:`anytime_chart` with title and legend."""
    drawing, ends = anytime_chart(records, runs, looks, column)
    what = "time" if column == SECONDS else "evaluations"
    return figure(
        drawing, f"Quality against {what}", legend({name: times(value) for name, value in ends.items()}, looks)
    )


def anytime_chart(
    records: Sequence[Record], runs: Outcomes, looks: Mapping[str, Style], column: int
) -> tuple[Markup, dict[str, float]]:
    """Quality against evaluations or seconds, a curve per method; outside tools as level lines. And where each ends."""
    seconds = column == SECONDS
    low = _first_news(records) if seconds else 1.0
    groups = by_method(records).items()
    curves = {name: quality(found, column, low, runs[name][0].last_counts) for name, found in groups}
    right = max(float(xs[-1]) for xs, _ in curves.values())
    label, text = ("seconds, measurements included", tick_duration) if seconds else ("evaluations", short)
    x = Axis(label, low, max(right, low * 1.5) * 1.1, log=True, text=text)
    levels = {name: geometric_mean(list(per_instance(runs[name]).values())) for name in runs if name not in curves}
    tools = [
        Series(name, [x.low, x.high], [y, y], looks[name].color, dash=looks[name].dash) for name, y in levels.items()
    ]
    ours_last = [_series(name, *curves[name], looks[name]) for name in _on_top(curves, looks)]
    ends = {name: float(ys[-1]) for name, (_, ys) in curves.items()} | levels
    tops = [1.0, *levels.values(), *(float(y) for _, ys in curves.values() for y in ys)]
    drawing = chart([*tools, *ours_last], x, axis_over(tops, "speed-up over default (geometric mean)"))
    return drawing, {name: ends[name] for name in sorted(ends, key=lambda name: -ends[name])}


def _first_news(records: Sequence[Record]) -> float:
    """Seconds after which the first of all searches had priced something."""
    return min((r.curve[1][1] for r in records if len(r.curve) > 1 and r.curve[1][1] > 0), default=1e-3)


def scatter(ours: Scores, theirs: Scores, names: tuple[str, str], looks: Mapping[str, Style]) -> Markup:
    """Our speed-up over theirs, a point per instance; above the diagonal ours is better."""
    shared = [key for key in ours if key in theirs]
    share = np.mean([ours[key] >= theirs[key] for key in shared])
    drawn = shared[:: -(-len(shared) // MAX_POINTS)]
    xs, ys = [theirs[key] for key in drawn], [ours[key] for key in drawn]
    titles = [f"{key}: {names[0]} {times(y)}, {names[1]} {times(x)}" for key, x, y in zip(drawn, xs, ys, strict=True)]
    both = axis_over([*xs, *ys], "", log=True)
    axes = [Axis(f"{name}: speed-up over default", both.low, both.high, True) for name in reversed(names)]
    cloud = Series(names[0], xs, ys, looks[names[0]].color, dots=True, titles=titles)
    remark = f"A point is an instance. {names[0]} is at least as good as {names[1]} on {percent(float(share))} of them."
    return figure(
        chart([cloud], axes[0], axes[1], diagonal=True), "Instance by instance", tag("p", remark, class_="note")
    )


def profile(runs: Outcomes, looks: Mapping[str, Style]) -> Markup:
    """Share of instances on which a method comes within a given part of the best that any method reached."""
    scores = {name: per_instance(found) for name, found in runs.items()}
    best = best_of(scores.values())
    parts = {name: [score / best[key] for key, score in found.items()] for name, found in scores.items()}
    low = max(0.3, min(min(values) for values in parts.values()) * 0.98)
    grid = np.linspace(low, 1.0, 200)
    shares = {name: performance_profile([min(v, 1.0) + 1e-12 for v in values], grid) for name, values in parts.items()}
    series = [_series(name, grid, shares[name], looks[name], end=False) for name in _on_top(shares, looks)]
    means = {name: geometric_mean(values) for name, values in parts.items()}
    text = {name: percent(means[name]) for name in sorted(means, key=lambda name: -means[name])}
    axes = (
        Axis("part of the best known speed-up", low, 1.004, text=percent),
        Axis("share of instances", 0, 1.02, text=percent),
    )
    return figure(chart(series, *axes), "Performance profile", legend(text, looks))


def legend(values: Mapping[str, str], looks: Mapping[str, Style]) -> Markup:
    """Names with their line and a figure, in the order given."""
    items = []
    for name, value in values.items():
        look = looks[name]
        line = tag(
            "line", x1=1, x2=21, y1=5, y2=5, stroke=look.color, stroke_width=look.width, stroke_dasharray=look.dash
        )
        swatch = tag("svg", line, viewBox="0 0 22 10", width=22, height=10, aria_hidden="true")
        items.append(tag("li", swatch, name, " ", tag("b", value)))
    return tag("ul", *items, class_="legend")


def anytime_pair(records: Sequence[Record], runs: Outcomes, looks: Mapping[str, Style]) -> Markup:
    """Both anytime figures."""
    return join(*(anytime(records, runs, looks, column) for column in (EVALUATIONS, SECONDS)))


def _series(name: str, xs: Any, ys: Any, look: Style, end: bool = True) -> Series:
    return Series(name, xs.tolist(), ys.tolist(), look.color, look.width, look.dash, end=end)


def _on_top(names: Mapping[str, Any], looks: Mapping[str, Style]) -> list[str]:
    return sorted(names, key=lambda name: looks[name].width)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value))
