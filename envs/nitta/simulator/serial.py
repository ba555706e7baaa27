"""Units that work on one job at a time: multiplier, logic, comparator, multiplexer, shifter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from gymcc.envs.nitta.evaluate import compute
from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.numbers import Fixed
from gymcc.envs.nitta.simulator.unit import UnitModel


class Serial(UnitModel):
    """Idle, it takes the first argument of any job; from then on only what belongs to that job, until all is read."""

    def begin(self) -> None:
        super().begin()
        self.job: Function | None = None
        self.values: dict[str, Fixed] = {}
        self.unread: set[str] = set()
        self.last_argument = 0  # its tick

    def take(self, tick: int, variable: str, value: Fixed) -> None:
        function = self.consumers[variable]
        if self.job is None:
            self.job, self.unread = function, set(function.produced)
        elif self.job != function:
            raise self.error(f"one job at a time: still busy with {self.job.text}", tick, variable)
        self.check_order(tick, variable)
        self.not_before(self.next_tick, tick, variable, "the unit is busy")
        self.values[variable] = value
        self.last_argument = tick
        self.next_tick = tick + self.ticks_to_take(function)
        self._close()

    def give(self, tick: int, variables: Sequence[str]) -> Fixed:
        if self.job is None or variables[0] not in self.unread or self.missing():
            raise self.error("no result yet: arguments are missing", tick, variables[0])
        self.not_before(self.earliest_result(self.job), tick, variables[0], "the result is not ready")
        result = self.result(self.job)
        self.unread -= set(variables)
        self.next_tick = tick + self.ticks_to_give
        self._close()
        return result

    def missing(self) -> list[str]:
        """The arguments that the job still waits for, in order."""
        return [variable for variable in self.job.inputs if variable not in self.values] if self.job else []

    def _close(self) -> None:
        if not self.missing() and not self.unread:
            self.job, self.values = None, {}

    def result(self, job: Function) -> Fixed:
        """What the job computes."""
        return compute(job, [self.values[variable] for variable in job.inputs], self.number_type)[0]

    def check_order(self, tick: int, variable: str) -> None:
        """Raise :class:`ScheduleError` if another argument has to come first."""

    ticks_to_give = 1

    def ticks_to_take(self, job: Function) -> int:
        """Ticks from an argument to the next instruction."""
        return 1

    @abstractmethod
    def earliest_result(self, job: Function) -> int:
        """The tick from which the next output may be read."""


class ThreeTicks(Serial):
    """The result is there three ticks after the last argument."""

    def earliest_result(self, job: Function) -> int:
        return max(self.last_argument + 3, self.next_tick)


class Multiplier(ThreeTicks):
    """Arguments in any order."""

    kinds = frozenset({Kind.MULTIPLY})


class LogicalUnit(ThreeTicks):
    """Arguments in any order."""

    kinds = frozenset({Kind.AND, Kind.OR, Kind.NOT, Kind.TRUTH_TABLE})


class InOrder(Serial):
    """Arguments in a fixed order."""

    def argument_order(self, job: Function) -> Sequence[str]:
        """In which order the arguments come."""
        return job.inputs

    def check_order(self, tick: int, variable: str) -> None:
        job = self.job
        assert job is not None
        first = next(each for each in self.argument_order(job) if each not in self.values)
        if variable != first:
            raise self.error(f"arguments come in order: {first} is next", tick, variable)


class Comparator(InOrder, ThreeTicks):
    """Left side first."""

    kinds = frozenset({Kind.COMPARE})


class Multiplexer(InOrder):
    """Data inputs in order, the selector last; every output takes two ticks to appear."""

    kinds = frozenset({Kind.MUX})

    def argument_order(self, job: Function) -> Sequence[str]:
        return (*job.inputs[1:], job.inputs[0])

    def earliest_result(self, job: Function) -> int:
        return self.next_tick + 2


class Shifter(Serial):
    """Moves by whole bytes first, then bit by bit; the time is counted at the argument and again at the result."""

    kinds = frozenset({Kind.SHIFT_LEFT, Kind.SHIFT_RIGHT})
    ticks_to_give = 0

    def ticks_to_take(self, job: Function) -> int:
        return max(_steps(job), 1) + 1

    def earliest_result(self, job: Function) -> int:
        return self.next_tick + _steps(job) + 2


def _steps(job: Function) -> int:
    """Whole bytes and single bits of a shift."""
    return int(job.detail) // 8 + int(job.detail) % 8
