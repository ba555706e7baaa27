"""Parallel coordinates as inline SVG: an upright axis per setting, a line per run, coloured by how good it became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from gymcc.benchmarks.report.markup import Markup, join, tag
from gymcc.benchmarks.report.words import digits

WIDTH, HEIGHT, TOP, BOTTOM, SIDE = 960.0, 330.0, 24.0, 40.0, 70.0  # pixels


@dataclass(frozen=True, slots=True)
class Upright:
    """One axis: numbers between two ends, or names one above the other."""

    label: str
    values: Sequence[float | str]  # (runs,)
    log: bool = False

    @property
    def names(self) -> list[str]:
        """The names that occur, empty for numbers."""
        return sorted({value for value in self.values if isinstance(value, str)})

    def at(self, value: float | str) -> float:
        """0 at the bottom, 1 at the top."""
        if isinstance(value, str):
            names = self.names
            return 0.5 if len(names) == 1 else names.index(value) / (len(names) - 1)
        low, high = self._ends()
        if high == low:
            return 0.5
        if self.log:
            return log10(value / low) / log10(high / low)
        return (value - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Height and text of what is written at the axis."""
        if self.names:
            return [(self.at(name), name) for name in self.names]
        low, high = self._ends()
        middle = (low * high) ** 0.5 if self.log else (low + high) / 2
        return [(self.at(value), digits(value)) for value in dict.fromkeys((low, middle, high))]

    def _ends(self) -> tuple[float, float]:
        numbers = [value for value in self.values if not isinstance(value, str)]
        return min(numbers), max(numbers)


def parallel_coordinates(axes: Sequence[Upright], scores: Sequence[float], titles: Sequence[str]) -> Markup:
    """A line per run across all axes; ``scores`` colour the lines, best on top; ``titles`` show under the mouse."""
    low, high = min(scores), max(scores)
    shares = [1.0 if high == low else (score - low) / (high - low) for score in scores]
    order = sorted(range(len(scores)), key=lambda run: scores[run])
    lines = [_line(axes, run, shares[run], titles[run]) for run in order]
    label = f"runs across {', '.join(axis.label for axis in axes)}"
    drawn = [_axis(axis, _x(axes, place)) for place, axis in enumerate(axes)]
    view = f"0 0 {WIDTH:g} {HEIGHT:g}"
    return tag("svg", *lines, *drawn, viewBox=view, role="img", aria_label=label, class_="chart broad")


def _x(axes: Sequence[Upright], place: int) -> float:
    return round(SIDE + place * (WIDTH - 2 * SIDE) / max(1, len(axes) - 1), 1)


def _y(height: float) -> float:
    return round(HEIGHT - BOTTOM - height * (HEIGHT - TOP - BOTTOM), 1)


def _line(axes: Sequence[Upright], run: int, share: float, title: str) -> Markup:
    points = [(_x(axes, place), _y(axis.at(axis.values[run]))) for place, axis in enumerate(axes)]
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    return tag(
        "path", tag("title", title), d=path, stroke=colour(share), stroke_width=1.2 + 1.6 * share, class_="curve"
    )


def _axis(axis: Upright, x: float) -> Markup:
    parts = [tag("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="axis")]
    for height, text in axis.ticks():
        parts.append(tag("text", text, x=x + 6, y=_y(height) + 3.5, class_="tick halo"))
    parts.append(tag("text", axis.label, x=x, y=HEIGHT - 14, class_="label middle"))
    return join(*parts)


def colour(share: float) -> str:
    """From grey blue for the worst run to the orange of ours for the best."""
    worst, best = (150, 165, 185), (228, 87, 46)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(worst, best, strict=True))
