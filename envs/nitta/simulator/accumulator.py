"""The accumulator: sums, differences and chains of them, one job at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from gymcc.envs.nitta.functions import AccSteps, Function, Kind, Variables
from gymcc.envs.nitta.numbers import Fixed
from gymcc.envs.nitta.simulator.unit import UnitModel


class Accumulator(UnitModel):
    """A job alternates between pushing arguments (any order within a group) and reading the sum so far."""

    kinds = frozenset({Kind.ADD, Kind.SUB, Kind.NEG, Kind.ACC})

    def begin(self) -> None:
        super().begin()
        self._job: Function | None = None
        self._groups: list[dict[str, str]] = []  # sign by variable, of what is left of the job
        self._sum = 0
        self._fresh = self._pulled = False

    def take(self, tick: int, variable: str, value: Fixed) -> None:
        function = self.consumers[variable]
        if self._job is None:
            self._start(function)
        elif self._job != function:
            raise self.error(f"one job at a time: still busy with {self._job.text}", tick, variable)
        if variable not in self._groups[0]:
            raise self.error(f"{min(self._groups[0])} comes first in {function.text}", tick, variable)
        self.not_before(self._earliest_argument(), tick, variable, "the accumulator is busy")
        self._sum += -value.raw if self._groups[0][variable] == "-" else value.raw
        self._fresh = self._pulled = False
        self.next_tick = tick + 1
        self._done_with([variable])

    def _start(self, function: Function) -> None:
        self._job, self._sum, self._fresh, self._pulled = function, 0, True, False
        self._groups = _groups(function)

    def results(self, function: Function) -> Sequence[Variables]:
        return [tuple(group) for group in _groups(function) if "=" in group.values()]

    def _earliest_argument(self) -> int:
        return self.next_tick + 1 if self._fresh and self.next_tick else self.next_tick

    def give(self, tick: int, variables: Sequence[str]) -> Fixed:
        if self._job is None or not set(variables) <= self._groups[0].keys():
            raise self.error("the sum is not complete: arguments are missing", tick, variables[0])
        gap = 1 if self._pulled else 2
        self.not_before(self.next_tick + gap, tick, variables[0], "the sum is not ready")
        self._pulled = True
        self.next_tick = tick
        self._done_with(variables)
        return self.number_type.raw(self._sum)

    def _done_with(self, variables: Sequence[str]) -> None:
        for variable in variables:
            del self._groups[0][variable]
        while self._groups and not self._groups[0]:
            self._groups.pop(0)
        if not self._groups:
            self._job = None


def _groups(function: Function) -> list[dict[str, str]]:
    """A function as alternating groups of pushes and pulls: sign by variable."""
    return [
        {variable: sign for sign, variables in steps for variable in variables}
        for _, steps in groupby(_steps(function), key=lambda step: step[0] == "=")
    ]


def _steps(function: Function) -> AccSteps:
    """Any function of an accumulator as a chain."""
    if function.kind is Kind.ACC:
        steps: AccSteps = function.detail
        return steps
    signs = {Kind.ADD: "++", Kind.SUB: "+-", Kind.NEG: "-"}[function.kind]
    pushes = ((sign, (variable,)) for sign, variable in zip(signs, function.inputs, strict=True))
    return (*pushes, ("=", function.outputs[0]))
