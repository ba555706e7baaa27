"""Small line and scatter charts as inline SVG: linear or logarithmic axes, labelled with units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, isfinite, log10

from gymcc.benchmarks.report.markup import Markup, join, tag
from gymcc.benchmarks.report.words import short

LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 12.0, 44.0  # margins, in pixels


@dataclass(frozen=True)
class Axis:
    """What an axis shows and over which range; ``log`` needs a positive range."""

    label: str
    low: float
    high: float
    log: bool = False
    text: Callable[[float], str] = short

    def at(self, value: float) -> float:
        """Position of a value, 0 to 1 within the range."""
        if self.log:
            return log10(value / self.low) / log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values within the range, about five of them."""
        found = _log_ticks(self.low, self.high) if self.log else _linear_ticks(self.low, self.high)
        return [tick for tick in found if -1e-9 <= self.at(tick) <= 1 + 1e-9]


@dataclass(frozen=True)
class Series:
    """One curve, or a cloud of points if ``dots``; ``titles`` are shown when the mouse rests on a point."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    color: str
    width: float = 1.8
    dash: str | None = None
    dots: bool = False
    end: bool = False  # mark where the curve ends
    titles: Sequence[str] = field(default=())


def axis_over(values: Sequence[float], label: str, log: bool = False, text: Callable[[float], str] = short) -> Axis:
    """An axis a little wider than its values."""
    low, high = min(values), max(values)
    if log:
        low, high = low / 1.06, high * 1.06
    else:
        pad = (high - low or abs(high) or 1.0) * 0.06
        low, high = (0.0 if 0 <= low < 0.3 * high else low - pad), high + pad
    return Axis(label, low, high, log, text)


def chart(
    series: Sequence[Series], x: Axis, y: Axis, *, width: int = 470, height: int = 300, diagonal: bool = False
) -> Markup:
    """The series over labelled axes with a grid; ``diagonal`` adds the line y = x."""
    frame = Frame(x, y, width, height)
    lines = [frame.segment(max(x.low, y.low), min(x.high, y.high))] if diagonal else []
    body = [frame.grid(), *lines, *(frame.cloud(one) if one.dots else frame.curve(one) for one in series)]
    label = f"{y.label} over {x.label}: {', '.join(one.name for one in series)}"
    return tag("svg", *body, viewBox=f"0 0 {width} {height}", role="img", aria_label=label, class_="chart")


@dataclass(frozen=True)
class Frame:
    """Where values of two axes lie in a picture of so many pixels."""

    x: Axis
    y: Axis
    width: int
    height: int

    def px(self, value: float) -> float:
        """Pixels from the left."""
        return round(LEFT + self.x.at(value) * (self.width - LEFT - RIGHT), 1)

    def py(self, value: float) -> float:
        """Pixels from the top."""
        return round(self.height - BOTTOM - self.y.at(value) * (self.height - TOP - BOTTOM), 1)

    def grid(self) -> Markup:
        """Ticks with their lines, and the labels of the axes."""
        right, bottom = self.width - RIGHT, self.height - BOTTOM
        parts: list[Markup] = []
        for value in self.x.ticks():
            at = self.px(value)
            parts.append(tag("line", x1=at, x2=at, y1=TOP, y2=bottom, class_="grid"))
            parts.append(tag("text", self.x.text(value), x=at, y=bottom + 16, class_="tick middle"))
        for value in self.y.ticks():
            at = self.py(value)
            parts.append(tag("line", x1=LEFT, x2=right, y1=at, y2=at, class_="grid"))
            parts.append(tag("text", self.y.text(value), x=LEFT - 7, y=at + 3.5, class_="tick end"))
        parts.append(tag("line", x1=LEFT, x2=right, y1=bottom, y2=bottom, class_="axis"))
        middle = (TOP + bottom) / 2
        turn = f"rotate(-90 13 {middle:.1f})"
        parts.append(tag("text", self.x.label, x=(LEFT + right) / 2, y=self.height - 8, class_="label middle"))
        parts.append(tag("text", self.y.label, x=13, y=middle, transform=turn, class_="label middle"))
        return join(*parts)

    def segment(self, low: float, high: float) -> Markup:
        """The part of the line y = x between two values."""
        ends = {"x1": self.px(low), "x2": self.px(high), "y1": self.py(low), "y2": self.py(high)}
        return tag("line", class_="diagonal", **ends)

    def curve(self, one: Series) -> Markup:
        """A series as a line; what is not finite is left out."""
        known = [(self.px(a), self.py(b)) for a, b in zip(one.xs, one.ys, strict=True) if isfinite(a) and isfinite(b)]
        if not known:
            return Markup()
        path = "M" + "L".join(f"{a:g} {b:g}" for a, b in known)
        line = tag("path", d=path, stroke=one.color, stroke_width=one.width, stroke_dasharray=one.dash, class_="curve")
        dot = tag("circle", cx=known[-1][0], cy=known[-1][1], r=one.width + 1.2, fill=one.color)
        return join(line, dot) if one.end or len(known) == 1 else line

    def cloud(self, one: Series) -> Markup:
        """A series as points."""
        titles = one.titles or [one.name] * len(one.xs)
        points = zip(one.xs, one.ys, titles, strict=True)
        return tag(
            "g",
            *(tag("circle", tag("title", title), cx=self.px(a), cy=self.py(b), r=3.4) for a, b, title in points),
            fill=one.color,
            class_="cloud",
        )


def _linear_ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 5
    size = 10 ** floor(log10(raw))
    step = next(step for step in (size, 2 * size, 2.5 * size, 5 * size, 10 * size) if step >= raw * 0.999)
    return [round(number * step, 12) for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    if high / low < 8:
        return [tick for tick in _linear_ticks(low, high) if tick > 0]
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    return [step * 10.0**decade for decade in decades for step in steps]
