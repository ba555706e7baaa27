"""Accum: sums and differences, one chain of them at a time (nitta, ``ProcessorUnits/Accum.hs``)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import chain, groupby, product
from typing import Any, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables, without
from gymcc.envs.nitta.units.base import Endpoint, Lock, Unit, if_busy

Group = tuple[bool, Variables]  # (pulled, variables still to go): arguments in any order, or results


@dataclass(frozen=True, eq=False)
class Accum(Unit):
    """One job at a time; while idle, the first arguments of all queued jobs are welcome.

    ``queue``: functions not started, newest first. ``job``: what is left of the current one; ``fresh``: whether no
    variable of its first group has moved yet.
    """

    accepted_kinds = frozenset({Kind.ADD, Kind.SUB, Kind.NEG, Kind.ACC})
    queue: tuple[Function, ...] = ()
    job: tuple[Group, ...] = ()
    fresh: bool = True

    def _bound(self, function: Function) -> dict[str, Any]:
        return {"queue": (function, *self.queue)}

    def _endpoints(self) -> Iterable[Endpoint]:
        if not self.job:
            for function in self.queue:
                for variable in sorted(groups(function)[0][1]):
                    yield Endpoint(False, (variable,), if_busy(self.next_tick))
            return
        pulled, variables = self.job[0]
        if pulled:
            yield Endpoint(True, variables, self.next_tick + (2 if self.fresh else 1))
        else:
            for variable in sorted(variables):
                yield Endpoint(False, (variable,), self.next_tick + (1 if self.fresh else 0))

    def _locks(self) -> Iterable[Lock]:
        if not self.job:
            return chain.from_iterable(function.locks for function in self.queue)
        later = [variable for _, variables in self.job[1:] for variable in variables]
        queued = [variable for function in self.queue for variable in function.variables]
        return product(later + queued, self.job[0][1])

    def _take(self, variable: str, tick: int) -> Self:
        queue, job = self.queue, self.job
        if not job:
            function = next(f for f in queue if variable in groups(f)[0][1])
            queue, job = tuple(f for f in queue if f is not function), groups(function)
        job, fresh = _moved(job, (variable,))
        return self.but(queue=queue, job=job, fresh=fresh, next_tick=tick + 1)

    def _give(self, variables: frozenset[str], tick: int) -> Self:
        job, fresh = _moved(self.job, variables)
        return self.but(job=job, fresh=fresh, next_tick=tick)


def _moved(job: tuple[Group, ...], gone: Container[str]) -> tuple[tuple[Group, ...], bool]:
    """The job after some variables of its first group have moved, and whether another group is first now."""
    (pulled, variables), rest = job[0], job[1:]
    left = without(variables, gone)
    return (((pulled, left), *rest), False) if left else (rest, True)


def groups(function: Function) -> tuple[Group, ...]:
    """A function of the accumulator as alternating groups of arguments and of results."""
    if function.kind is not Kind.ACC:
        arguments = (False, function.inputs)
        return (arguments, (True, function.outputs[0])) if function.outputs[0] else (arguments,)
    runs = groupby(function.detail, key=lambda step: step[0] == "=")
    return tuple((pulled, tuple(v for _, variables in steps for v in variables)) for pulled, steps in runs)
