"""Charts of bars: a histogram as inline SVG, and shares of a whole as one strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.svg import Axis, Frame
from gymcc.benchmarks.report.words import percent

GAP = 1.0  # pixels between bars


@dataclass(frozen=True, slots=True)
class Bar:
    """``count`` things between ``low`` and ``high``; ``title`` is shown when the mouse rests on it."""

    low: float
    high: float
    count: int
    color: str
    title: str


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole."""

    name: str
    count: int
    color: str


def histogram(bars: Sequence[Bar], x: Axis, y: Axis, at: float, *, width: int = 980, height: int = 230) -> Markup:
    """The bars over labelled axes with a grid, and a dashed line at ``x = at``."""
    frame = Frame(x, y, width, height)
    body = [_rectangle(bar, frame) for bar in bars if bar.count]
    line = tag("line", x1=frame.px(at), x2=frame.px(at), y1=frame.py(y.low), y2=frame.py(y.high), class_="diagonal")
    label = f"{y.label} by {x.label}"
    drawing = [frame.grid(), *body, line]
    picture = tag("svg", *drawing, viewBox=f"0 0 {width} {height}", role="img", aria_label=label, class_="chart broad")
    return tag("div", picture, class_="wide")


def _rectangle(bar: Bar, frame: Frame) -> Markup:
    left, right = frame.px(bar.low), frame.px(bar.high)
    top, bottom = frame.py(bar.count), frame.py(frame.y.low)
    width = max(right - left - GAP, GAP)
    return tag(
        "rect", tag("title", bar.title), x=left + GAP / 2, y=top, width=width, height=bottom - top, fill=bar.color
    )


def strip(shares: Sequence[Share]) -> Markup:
    """The shares side by side, each as wide as its part of the whole; empty ones are left out."""
    parts = [tag("span", style=f"flex-grow:{each.count};background:{each.color}") for each in shares if each.count]
    return tag("div", *parts, class_="strip")


def key(shares: Sequence[Share]) -> Markup:
    """The shares' names, counts and parts of the whole."""
    whole = sum(each.count for each in shares)
    items = []
    for each in shares:
        swatch = tag("span", class_="swatch", style=f"background:{each.color}")
        items.append(tag("li", swatch, each.name, " ", tag("b", f"{each.count}"), f" ({percent(each.count / whole)})"))
    return tag("ul", *items, class_="legend")
