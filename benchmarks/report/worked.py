"""The section that works one instance through: states, code and costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gymcc.benchmarks.report.markup import Markup, join, tag
from gymcc.benchmarks.report.tables import Step, steps_table
from gymcc.envs.core.record import Record

MAX_LINES = 400  # of a listing


@dataclass(frozen=True, slots=True)
class Worked:
    """One instance step by step, and its code at the start and at the cheapest step; empty where there is none."""

    steps: Sequence[Step]
    before: str = ""
    after: str = ""


def worked_section(worked: Worked | None, records: Sequence[Record], unit: str) -> list[Markup]:
    """State and code before and after side by side, then the cost of every step."""
    if worked is None or not worked.steps:
        return []
    steps = worked.steps
    costs = [cost for _, _, cost in steps]
    record = next((record for record in records if record.costs == costs), None)
    best = costs.index(min(costs))
    found = f" by {record.method} on {record.instance}" if record else ""
    heads = ("Default", f"After {best} actions" if best != 1 else "After 1 action")
    return [
        tag("h2", f"One instance worked through{found}"),
        _side_by_side(heads, [tag("pre", text, class_="code") for text in (steps[0][1], steps[best][1])]),
        *_code(worked),
        steps_table(steps, unit, record.extra.get("flops") if record else None),
    ]


def _side_by_side(heads: Iterable[str], bodies: Iterable[Markup]) -> Markup:
    sides = [tag("div", tag("h3", head), body) for head, body in zip(heads, bodies, strict=True)]
    return tag("div", *sides, class_="pair")


def _code(worked: Worked) -> list[Markup]:
    if not (worked.before or worked.after):
        return []
    sides = [text.splitlines() for text in (worked.before, worked.after)]
    shown = [lines[:MAX_LINES] for lines in sides]
    own = _changed(*shown)
    bodies = [_listing(lines, marks, len(whole)) for lines, marks, whole in zip(shown, own, sides, strict=True)]
    return [_side_by_side(("Code of the default", "Code after"), bodies)]


def _changed(before: Sequence[str], after: Sequence[str]) -> tuple[set[int], set[int]]:
    """The lines of each side that the other does not have at that place."""
    found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    parts = [(range(*part[1:3]), range(*part[3:5])) for part in found if part[0] != "equal"]
    return {line for left, _ in parts for line in left}, {line for _, right in parts for line in right}


def _listing(lines: Sequence[str], marked: set[int], length: int) -> Markup:
    parts = [tag("mark", line) if number in marked else line for number, line in enumerate(lines)]
    body = tag("pre", *(join(part, "\n") for part in parts), class_="code")
    left_out = length - len(lines)
    return join(body, tag("p", f"… and {left_out} further lines", class_="note")) if left_out else body
