"""Shift: by a constant, a byte or a bit per tick (nitta, ``ProcessorUnits/Shift.hs``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables, without
from gymcc.envs.nitta.units.base import Endpoint, Unit


@dataclass(frozen=True, eq=False)
class Shift(Unit):
    """One function at a time. ``queue``: functions not started, newest first; ``results`` of the current one to go.

    ``work``: ticks that the current shift takes; NITTA counts them twice, in ``next_tick`` and before the result.
    """

    accepted_kinds = frozenset({Kind.SHIFT_LEFT, Kind.SHIFT_RIGHT})
    queue: tuple[Function, ...] = ()
    results: Variables = ()
    work: int = 0

    def _bound(self, function: Function) -> dict[str, Any]:
        return {"queue": (function, *self.queue)}

    def _endpoints(self) -> Iterable[Endpoint]:
        if self.results:
            return (Endpoint(True, self.results, self.next_tick + self.work + 2),)
        return (Endpoint(False, function.inputs, self.next_tick) for function in self.queue)

    def _take(self, variable: str, tick: int) -> Self:
        function = next(f for f in self.queue if variable in f.inputs)
        queue = tuple(f for f in self.queue if f is not function)
        work = sum(divmod(function.detail, 8))
        return self.but(queue=queue, results=function.outputs[0], work=work, next_tick=tick + max(work, 1) + 1)

    def _give(self, variables: frozenset[str], tick: int) -> Self:
        return self.but(results=without(self.results, variables), next_tick=tick)
