"""Divider: a pipeline; results must be fetched before the next ones arrive (nitta, ``ProcessorUnits/Divider.hs``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables, without
from gymcc.envs.nitta.units.base import FOREVER, Endpoint, InvalidDecision, Lock, Unit


class Result(NamedTuple):
    """A division under way: ``ready`` to be fetched until ``deadline``; groups (quotient, remainder) still to go."""

    ready: int
    deadline: int
    groups: tuple[Variables, ...]

    @property
    def variables(self) -> list[str]:
        """Everything still to go."""
        return [variable for group in self.groups for variable in group]


@dataclass(frozen=True, eq=False)
class Divider(Unit):
    """Takes new arguments while results wait.

    ``queue``: functions not started, newest first. ``loading``: the one with one argument there, and ``argument`` the
    missing one. ``results`` in the order in which they were started.
    """

    accepted_kinds = frozenset({Kind.DIVISION})
    queue: tuple[Function, ...] = ()
    loading: Function | None = None
    argument: str = ""
    results: tuple[Result, ...] = ()

    def _bound(self, function: Function) -> dict[str, Any]:
        return {"queue": (function, *self.queue)}

    def _endpoints(self) -> Iterable[Endpoint]:
        if self.loading:
            yield Endpoint(False, (self.argument,), self.next_tick)
        else:
            for function in self.queue:
                for variable in reversed(function.inputs):
                    yield Endpoint(False, (variable,), self.next_tick)
        if self.results:
            first = min(self.results, key=lambda result: result.ready)
            earliest = max(first.ready, self.next_tick)
            for group in first.groups:
                yield Endpoint(True, group, earliest, first.deadline, restricted=True)

    def _locks(self) -> Iterable[Lock]:
        if self.loading:
            yield from product(self.loading.produced, (self.argument,))
            for function in self.queue:
                yield from product(function.variables, (self.argument,))
        else:
            for function in self.queue:
                yield from function.locks
        if self.results:
            first, *later = sorted(self.results, key=lambda result: result.ready)
            for result in later:
                yield from product(result.variables, first.variables)

    def _take(self, variable: str, tick: int) -> Self:
        if self.loading is None:
            function = next(f for f in self.queue if variable in f.inputs)
            queue = tuple(f for f in self.queue if f is not function)
            (missing,) = without(function.inputs, (variable,))
            return self.but(queue=queue, loading=function, argument=missing, next_tick=tick + 1)
        ready = tick + self.spec.pipeline + 2
        # A deadline once set stays: the next result, whichever it is, pushes the waiting ones out of the pipeline.
        waiting = tuple(result._replace(deadline=min(result.deadline, ready - 1)) for result in self.results)
        groups = tuple(group for group in self.loading.outputs if group)
        results = (*waiting, Result(ready, FOREVER, groups)) if groups else waiting
        return self.but(loading=None, argument="", results=results, next_tick=tick + 2)

    def _give(self, variables: frozenset[str], tick: int) -> Self:
        if self.loading and self.argument in variables:
            raise InvalidDecision(f"{self.tag} waits for {self.argument} and cannot give it")
        results = []
        for result in self.results:
            groups = tuple(left for group in result.groups if (left := without(group, variables)))
            if groups:
                results.append(result._replace(groups=groups))
        return self.but(results=tuple(results), next_tick=tick + 1)
