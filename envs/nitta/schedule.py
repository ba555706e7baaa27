"""A finished (or partial) schedule as plain data: what a simulator executes and a Gantt chart draws."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.nitta.functions import Function


@dataclass(frozen=True, slots=True)
class Transport:
    """At ``tick`` the unit ``source`` puts one value on the bus and every target unit takes it.

    ``targets``: pairs of unit tag and the variable it takes; all carry the same value.
    """

    tick: int
    source: str
    targets: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """All transports by tick, and the functions each unit executes, after all refactorings.

    A loop is here as its two halves, ``LOOP_BEGIN`` and ``LOOP_END``, whose ``detail`` is the first value and the
    outputs of the loop respectively. ``waiting`` are functions bound to no unit (none in a complete schedule).
    """

    transports: tuple[Transport, ...]
    bound: tuple[tuple[str, tuple[Function, ...]], ...]
    waiting: tuple[Function, ...] = ()

    @property
    def duration(self) -> int:
        """Tick of the last transport, -1 before the first: NITTA's measure of a schedule."""
        return self.transports[-1].tick if self.transports else -1
