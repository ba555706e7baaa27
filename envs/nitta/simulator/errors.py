"""What is wrong with a schedule."""

from __future__ import annotations


class ScheduleError(ValueError):
    """A schedule no processor can execute, or one that computes something else; says when, where and which rule.

    ``tick`` is -1 for what has no tick, ``unit`` and ``variable`` are empty where none is to blame.
    """

    def __init__(self, rule: str, tick: int = -1, unit: str = "", variable: str = "") -> None:
        self.tick, self.unit, self.variable, self.rule = tick, unit, variable, rule
        places = ((f"tick {tick}", tick >= 0), (f"unit {unit}", unit), (f"variable {variable}", variable))
        where = ", ".join(text for text, known in places if known)
        super().__init__(f"{where}: {rule}" if where else rule)
