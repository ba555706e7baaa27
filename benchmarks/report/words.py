"""Figures as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gymcc.benchmarks.statistics import Interval

NONE = "–"
NEAR = 0.05  # of 1
_PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def digits(value: float, count: int = 3) -> str:
    """``count`` significant digits without an exponent for ordinary sizes; thousands grouped."""
    if value != 0 and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{count - 1}e}"
    if abs(value) >= 10 ** (count - 1):
        return f"{value:,.0f}".replace(",", "\u202f")
    text = f"{value:#.{count}g}"
    return text.rstrip(".") if "e" not in text else f"{value:g}"


def short(value: float) -> str:
    """A tick: as few digits as it takes."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if abs(value) >= 1e4 else f"{value:g}"


def duration(seconds: float | None, count: int = 3) -> str:
    """Seconds with the fitting prefix."""
    if not seconds:
        return NONE if seconds is None else "0 s"
    for factor, unit in _PREFIXES:
        if seconds >= factor or unit == "ns":
            return f"{digits(seconds / factor, count)} {unit}"
    raise AssertionError


def tick_duration(seconds: float) -> str:
    """A tick of a time axis."""
    for factor, unit in _PREFIXES:
        if seconds >= factor * (1 - 1e-9) or unit == "ns":
            return f"{seconds / factor:g} {unit}"
    raise AssertionError


def cost(value: float, unit: str) -> str:
    """A cost in the problem's unit."""
    return duration(value) if unit == "seconds" else f"{digits(value)} {unit}".strip()


def ratio(value: float, beside: float | None = None) -> str:
    """A ratio; near 1, where a per cent may be much, it or the one that it stands ``beside`` gets a digit more."""
    near = abs((value if beside is None else beside) - 1) < NEAR
    return digits(value, 4 if near else 3)


def times(value: float) -> str:
    """A ratio with its sign."""
    return f"{ratio(value)}\u00a0×"


def percent(share: float | None) -> str:
    """A share."""
    return NONE if share is None else f"{share:.1%}".replace("%", "\u00a0%").replace(".0\u00a0", "\u00a0")


def bounds(estimate: float, low: float, high: float) -> str:
    """``1.05–1.15``, with as many digits as the estimate."""
    return f"{ratio(low, estimate)}–{ratio(high, estimate)}"


def interval(found: Interval) -> str:
    """``1.10 × (95 % interval 1.05–1.15)``."""
    return f"{times(found.estimate)} (95 % interval {bounds(*found)})"


def counts(row: Mapping[str, Any]) -> str:
    """How many instances are better / the same / worse than the heuristic's."""
    return NONE if row["better"] is None else f"{row['better']} / {row['same']} / {row['worse']}"
