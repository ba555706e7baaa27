"""What all models of processing units share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from gymcc.envs.nitta.functions import Function, Kind, Variables
from gymcc.envs.nitta.microarchitecture import UnitSpec
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.simulator.errors import ScheduleError


class UnitModel(ABC):
    """One unit on the bus, as a state machine that refuses what the hardware could not do.

    ``next_tick`` is the tick after its last instruction, 0 at the start of an iteration. In the tick of a transport
    the source's :meth:`give` is called first, then :meth:`take` of every target.
    """

    kinds: ClassVar[frozenset[Kind]]  # what it can compute
    sends_to_itself: ClassVar[bool] = False  # whether the bus may carry its own result back to it

    def __init__(self, spec: UnitSpec, functions: Sequence[Function], number_type: NumberType) -> None:
        self.tag, self.spec, self.number_type = spec.tag, spec, number_type
        self.functions = tuple(functions)
        self.consumers = {variable: f for f in self.functions for variable in f.inputs}
        self.producers = {variable: f for f in self.functions for variable in f.produced}
        self.next_tick = 0

    def begin(self) -> None:
        """Start an iteration of the algorithm."""
        self.next_tick = 0

    @abstractmethod
    def give(self, tick: int, variables: Sequence[str]) -> Fixed:
        """Put the value of ``variables`` (of one output) on the bus; raises :class:`ScheduleError`."""

    @abstractmethod
    def take(self, tick: int, variable: str, value: Fixed) -> None:
        """Take the value of an input from the bus; raises :class:`ScheduleError`."""

    def results(self, function: Function) -> Sequence[Variables]:
        """The outputs of a function, those of equal value together."""
        return function.outputs

    def give_itself(self, tick: int, variables: Sequence[str], variable: str) -> Fixed:
        """Put the value of ``variables`` on the bus and take it as ``variable``, all in one tick."""
        if not self.sends_to_itself:
            raise self.error("cannot send to itself: one port for both ways", tick, variable)
        before = self.next_tick
        value = self.give(tick, variables)
        self.next_tick = before
        self.take(tick, variable, value)
        return value

    def not_before(self, earliest: int, tick: int, variable: str, why: str) -> None:
        """Raise :class:`ScheduleError` unless the tick has come that the rule ``why`` allows."""
        if tick < earliest:
            raise self.error(f"too early, {why}: not before tick {earliest}", tick, variable)

    def error(self, rule: str, tick: int = -1, variable: str = "") -> ScheduleError:
        """The error of this unit."""
        return ScheduleError(rule, tick, self.tag, variable)
