"""The report's main figure alone, as an SVG file that a README can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gymcc.benchmarks.report.curves import EVALUATIONS, SECONDS
from gymcc.benchmarks.report.figures import Style, anytime_chart, styles
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.style import CSS
from gymcc.benchmarks.report.summary import outcomes
from gymcc.benchmarks.report.words import times
from gymcc.envs.core.record import Record

WIDTH, CHART, KEY = 980, 320, 22  # pixels: of the picture; height of the charts and of a line of the key
COLUMNS = 5  # of the key
LIGHT = ":root { --ink: #1d2430; --soft: #5c6675; --rule: #dfe3e8 } "


def write_picture(path: Path, records: Sequence[Record], ours: str = "policy", last_counts: bool = False) -> None:
    """Draw quality against evaluations and against time, side by side, to ``path``."""
    runs = outcomes(records, last_counts)
    looks = styles(runs, ours)
    (left, ends), (right, _) = (anytime_chart(records, runs, looks, column) for column in (EVALUATIONS, SECONDS))
    lines = -(-len(ends) // COLUMNS)
    height = CHART + KEY * (lines + 1)
    chart_rules = "".join(line for line in CSS.splitlines() if line.startswith(".chart"))
    page = tag(
        "svg",
        tag("style", Markup(LIGHT + chart_rules)),
        tag("rect", width=WIDTH, height=height, fill="#fff"),
        tag("svg", left, x=0, width=WIDTH / 2, height=CHART),
        tag("svg", right, x=WIDTH / 2, width=WIDTH / 2, height=CHART),
        tag("g", *_key(ends, looks), class_="chart"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page + "\n", encoding="utf-8")


def _key(ends: Mapping[str, float], looks: Mapping[str, Style]) -> list[Markup]:
    """Each method's line, name and last value."""
    parts = []
    for index, (name, value) in enumerate(ends.items()):
        x, y = 60 + index % COLUMNS * 180, CHART + KEY * (1 + index // COLUMNS)
        look = looks[name]
        parts.append(
            tag(
                "line",
                x1=x,
                x2=x + 22,
                y1=y - 4,
                y2=y - 4,
                stroke=look.color,
                stroke_width=look.width,
                stroke_dasharray=look.dash,
            )
        )
        parts.append(tag("text", f"{name} {times(value)}", x=x + 30, y=y, class_="label"))
    return parts
