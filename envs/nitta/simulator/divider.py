"""The divider: a pipeline, so arguments of one division may come while results of others wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from gymcc.envs.nitta.evaluate import compute
from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.numbers import Fixed
from gymcc.envs.nitta.simulator.unit import UnitModel


@dataclass(slots=True)
class _Result:
    """Quotient and remainder of a division, from tick ``ready`` up to tick ``lost`` (inclusive) to be had."""

    values: dict[str, Fixed]  # by variable not yet read
    ready: int
    lost: float = inf


class Divider(UnitModel):
    """Results come out in the order of the divisions; the next result pushes an unread one out of the pipeline."""

    kinds = frozenset({Kind.DIVISION})
    sends_to_itself = True

    def begin(self) -> None:
        super().begin()
        self._job: Function | None = None
        self._arguments: dict[str, Fixed] = {}
        self._results: list[_Result] = []

    def take(self, tick: int, variable: str, value: Fixed) -> None:
        function = self.consumers[variable]
        if self._job not in (None, function):
            raise self.error("one division at a time waits for its arguments", tick, variable)
        self.not_before(self.next_tick, tick, variable, "the divider is busy")
        self._job = function
        self._arguments[variable] = value
        self.next_tick = tick + 1
        if len(self._arguments) == len(function.inputs):
            self._divide(tick, function)

    def _divide(self, tick: int, function: Function) -> None:
        ready = tick + self.spec.pipeline + 2
        for result in self._results:
            result.lost = min(result.lost, ready - 1)
        arguments = [self._arguments[variable] for variable in function.inputs]
        computed = zip(function.outputs, compute(function, arguments, self.number_type), strict=True)
        values = {variable: value for group, value in computed for variable in group}
        if values:
            self._results.append(_Result(values, ready))
        self._job, self._arguments = None, {}
        self.next_tick = tick + 2

    def give_itself(self, tick: int, variables: Sequence[str], variable: str) -> Fixed:
        if self._job is not None:
            raise self.error("a result cannot go to a division that already has its other argument", tick, variable)
        return super().give_itself(tick, variables, variable)

    def give(self, tick: int, variables: Sequence[str]) -> Fixed:
        variable = variables[0]
        if not any(variable in result.values for result in self._results):
            raise self.error("no result yet: arguments are missing", tick, variable)
        first = self._results[0]
        if variable not in first.values:
            raise self.error(f"results come in order: {min(first.values)} is next", tick, variable)
        self.not_before(max(first.ready, self.next_tick), tick, variable, "the result is not ready")
        if tick > first.lost:
            raise self.error(f"lost: the next result took its place after tick {first.lost}", tick, variable)
        value = first.values[variable]
        for each in variables:
            del first.values[each]
        if not first.values:
            self._results.pop(0)
        self.next_tick = tick + 1
        return value
