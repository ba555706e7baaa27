"""FRAM: one port, cells for constants, loop values and buffers."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.nitta.functions import Function, Kind, Variables
from gymcc.envs.nitta.microarchitecture import UnitSpec
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.simulator.errors import ScheduleError
from gymcc.envs.nitta.simulator.unit import UnitModel

_NEVER = -2  # no tick after which a read would be too early


class Memory(UnitModel):
    """A value is read one tick after the read is issued; a cell just written needs one tick more.

    Constants and loop values keep a cell of their own, a buffer holds one from its write to its last read. The first
    value of a loop counts as written at tick 0.
    """

    kinds = frozenset({Kind.CONSTANT, Kind.LOOP_BEGIN, Kind.LOOP_END, Kind.BUFFER})

    def __init__(self, spec: UnitSpec, functions: Sequence[Function], number_type: NumberType) -> None:
        super().__init__(spec, functions, number_type)
        self.loops = _loop_values(self, self.functions)
        self._kept = sum(f.kind in (Kind.CONSTANT, Kind.LOOP_BEGIN) for f in self.functions)
        if self._kept > spec.size:
            raise self.error(f"{self._kept} constants and loops for {spec.size} cells")
        self.begin()

    def begin(self) -> None:
        super().begin()
        self._unread = {f.outputs[0]: set(f.produced) for f in self.functions if f.kind is Kind.LOOP_BEGIN}
        self._written = dict.fromkeys(self._unread, 0)
        self._values = dict(self.loops)
        self._buffers: dict[Variables, set[str]] = {}  # variables still to be read of each cell in use

    def give(self, tick: int, variables: Sequence[str]) -> Fixed:
        function = self.producers[variables[0]]
        outputs = function.outputs[0]
        if function.kind is Kind.BUFFER and outputs not in self._buffers:
            raise self.error("read before it is written", tick, variables[0])
        gap = 2 if self._written.get(outputs, _NEVER) == self.next_tick - 1 else 1
        why = "a cell just written is read two ticks later" if gap == 2 else "a read is issued one tick ahead"
        self.not_before(self.next_tick + gap, tick, variables[0], why)
        self.next_tick = tick
        if function.kind is Kind.CONSTANT:
            constant: Fixed = function.detail
            return constant
        self._mark_read(outputs, variables)
        return self._values[outputs]

    def _mark_read(self, outputs: Variables, variables: Sequence[str]) -> None:
        unread = self._unread if outputs in self._unread else self._buffers
        unread[outputs] -= set(variables)
        if unread is self._buffers and not unread[outputs]:
            del unread[outputs]

    def take(self, tick: int, variable: str, value: Fixed) -> None:
        busy = self.next_tick > 0
        self.not_before(self.next_tick + 1 if busy else 0, tick, variable, "the port is busy")
        function = self.consumers[variable]
        if function.kind is Kind.LOOP_END:
            self._close_loop(tick, variable, function.detail, value)
        else:
            self._fill_buffer(tick, variable, function.outputs[0], value)
        self.next_tick = tick + 1

    def _close_loop(self, tick: int, variable: str, outputs: Variables, value: Fixed) -> None:
        if unread := self._unread.get(outputs):
            raise self.error(f"overwrites the loop value before {min(unread)} is read", tick, variable)
        self.loops[outputs] = value

    def _fill_buffer(self, tick: int, variable: str, outputs: Variables, value: Fixed) -> None:
        if self._kept + len(self._buffers) == self.spec.size:
            raise self.error(f"all {self.spec.size} cells are in use", tick, variable)
        self._buffers[outputs] = set(outputs)
        self._values[outputs] = value
        self._written[outputs] = tick


def _loop_values(unit: UnitModel, functions: Sequence[Function]) -> dict[Variables, Fixed]:
    """The first value of every loop by its outputs; both halves of a loop must be in one memory."""
    begins = sorted(f.outputs[0] for f in functions if f.kind is Kind.LOOP_BEGIN)
    ends = sorted(f.detail for f in functions if f.kind is Kind.LOOP_END)
    if begins != ends:
        lonely = min(set(begins) ^ set(ends), default=min(begins + ends))
        raise ScheduleError(
            "the two halves of a loop are not in the same memory", unit=unit.tag, variable=min(lonely, default="")
        )
    return {f.outputs[0]: f.detail for f in functions if f.kind is Kind.LOOP_BEGIN}
