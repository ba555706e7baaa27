"""Units that do one function at a time, arguments in, results out: multiplier, comparator, logical unit, mux."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, ClassVar, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables, without
from gymcc.envs.nitta.units.base import Endpoint, Lock, Unit


@dataclass(frozen=True, eq=False)
class Serial(Unit):
    """One function at a time; while idle, the first arguments of all queued functions are welcome.

    ``queue``: functions not started, newest first. ``arguments`` and ``results`` of the current one still to go;
    ``ready``: earliest tick of its results, known once the last argument is there.
    """

    queue: tuple[Function, ...] = ()
    arguments: Variables = ()
    results: Variables = ()
    ready: int = 0

    in_order: ClassVar[bool] = False  # of the arguments
    latency: ClassVar[int] = 3  # ticks from the last argument to the first result

    def _bound(self, function: Function) -> dict[str, Any]:
        return {"queue": (function, *self.queue)}

    def _endpoints(self) -> Iterable[Endpoint]:
        if self.arguments:
            return self._targets(self.arguments)
        if self.results:
            return (Endpoint(True, self.results, self._results_at()),)
        return (target for function in self.queue for target in self._targets(arguments(function)))

    def _results_at(self) -> int:
        return max(self.ready, self.next_tick)

    def _targets(self, pending: Variables) -> Iterable[Endpoint]:
        welcome = pending[:1] if self.in_order else pending
        return (Endpoint(False, (variable,), self.next_tick) for variable in welcome)

    def _locks(self) -> Iterable[Lock]:
        queued = frozenset[str]().union(*(function.variables for function in self.queue))
        return chain(
            product(self.results, self.arguments),
            product(queued, self.arguments + self.results),
            *(function.locks for function in self.queue),
        )

    def _take(self, variable: str, tick: int) -> Self:
        if self.arguments:
            current, pending, results, queue = None, self.arguments, self.results, self.queue
        else:
            current = next(f for f in self.queue if variable in f.inputs)
            pending, results = arguments(current), current.outputs[0]
            queue = tuple(f for f in self.queue if f is not current)
        left = without(pending, (variable,))
        return self.but(queue=queue, arguments=left, results=results, ready=tick + self.latency, next_tick=tick + 1)

    def _give(self, variables: frozenset[str], tick: int) -> Self:
        return self.but(results=without(self.results, variables), next_tick=tick + 1)


def arguments(function: Function) -> Variables:
    """The arguments in the order in which the unit loads them: a selector comes last."""
    return (*function.inputs[1:], function.inputs[0]) if function.kind is Kind.MUX else function.inputs


@dataclass(frozen=True, eq=False)
class Multiplier(Serial):
    """Products of two, arguments in any order (nitta, ``ProcessorUnits/Multiplier.hs``)."""

    accepted_kinds = frozenset({Kind.MULTIPLY})


@dataclass(frozen=True, eq=False)
class LogicalUnit(Serial):
    """Truth tables, arguments in any order (nitta, ``ProcessorUnits/LogicalUnit.hs``)."""

    accepted_kinds = frozenset({Kind.AND, Kind.OR, Kind.NOT, Kind.TRUTH_TABLE})


@dataclass(frozen=True, eq=False)
class Comparator(Serial):
    """Comparisons, arguments in order (nitta, ``ProcessorUnits/Comparator.hs``)."""

    accepted_kinds = frozenset({Kind.COMPARE})
    in_order = True


@dataclass(frozen=True, eq=False)
class Multiplexer(Serial):
    """Selections, data in order and the selector last (nitta, ``ProcessorUnits/Multiplexer.hs``)."""

    accepted_kinds = frozenset({Kind.MUX})
    in_order = True

    def _results_at(self) -> int:
        return self.next_tick + 2

    def _locks(self) -> Iterable[Lock]:
        return product(self.arguments, self.results)  # the other way round than one would expect, as NITTA has it
