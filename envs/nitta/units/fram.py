"""FRAM: memory for constants, loop values and buffers (nitta, ``ProcessorUnits/Fram.hs``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables, without
from gymcc.envs.nitta.units.base import Endpoint, Unit, if_busy


class Use(IntEnum):
    """What a memory cell is used for."""

    FREE = 0  # never used
    CONSTANT = 1
    LOOP = 2  # a loop not broken yet
    LOOP_SOURCE = 3  # the value of the last iteration, still to be read
    LOOP_TARGET = 4  # ... read, waits for the new value
    BUFFER = 5  # written, still to be read
    REUSABLE = 6  # a buffer that was read
    DONE = 7


class Cell(NamedTuple):
    """A memory cell: ``pending`` variables still to be read; ``written`` the tick of its last write, 0 before any."""

    use: Use = Use.FREE
    function: Function | None = None
    pending: Variables = ()
    written: int = 0


FREE = Cell()


@dataclass(frozen=True, eq=False)
class Fram(Unit):
    """Cells are served independently. ``cells`` that are or were in use; buffers wait in ``queue``, newest first.

    ``held``: every variable of anything that was ever bound here, under the names inside: a function that shares one
    would transfer a value from the memory to itself, and is refused.
    """

    accepted_kinds = frozenset({Kind.CONSTANT, Kind.LOOP, Kind.BUFFER})
    cells: tuple[Cell, ...] = ()
    queue: tuple[Function, ...] = ()
    held: frozenset[str] = frozenset()

    def accepts(self, function: Function) -> bool:
        return self.fitting((function,))[0]

    def fitting(self, functions: Sequence[Function]) -> list[bool]:
        held, queued, fits = self.held, bool(self.queue), []
        free, reusable = self.spec.size - len(self.cells), any(cell.use is Use.REUSABLE for cell in self.cells)
        for function in functions:
            is_buffer = function.kind is Kind.BUFFER
            room = free > 0 or reusable if is_buffer else free > queued  # a queued buffer keeps a cell back
            fits.append(room and function.kind in self.accepted_kinds and held.isdisjoint(function.variables))
            if fits[-1]:
                held, queued, free = held | function.variables, queued or is_buffer, free - (not is_buffer)
        return fits

    def _bound(self, function: Function) -> dict[str, Any]:
        held = self.held | function.variables
        if function.kind is Kind.BUFFER:
            return {"queue": (function, *self.queue), "held": held}
        use = Use.CONSTANT if function.kind is Kind.CONSTANT else Use.LOOP
        pending = function.outputs[0] if use is Use.CONSTANT else ()
        return {"cells": (*self.cells, Cell(use, function, pending)), "held": held}

    def _endpoints(self) -> Iterable[Endpoint]:
        target = if_busy(self.next_tick)
        if len(self.cells) < self.spec.size or any(cell.use is Use.REUSABLE for cell in self.cells):
            for function in self.queue:
                yield Endpoint(False, function.inputs, target)
        for cell in self.cells:
            if cell.use is Use.CONSTANT:
                yield Endpoint(True, cell.pending, self.next_tick + 1)
            elif cell.use in (Use.LOOP_SOURCE, Use.BUFFER):
                # What was written last cannot be read at once.
                gap = 2 if cell.written == self.next_tick - 1 else 1
                yield Endpoint(True, cell.pending, self.next_tick + gap)
            elif cell.use is Use.LOOP_TARGET:
                assert cell.function is not None
                yield Endpoint(False, cell.function.inputs, target)

    def _take(self, variable: str, tick: int) -> Self:
        for function in self.queue:
            if variable in function.inputs:
                queue = tuple(f for f in self.queue if f is not function)
                cell = Cell(Use.BUFFER, function, function.outputs[0], tick)
                return self.but(queue=queue, cells=self._with_buffer(cell), next_tick=tick + 1)
        at = next(
            i
            for i, cell in enumerate(self.cells)
            if cell.use is Use.LOOP_TARGET and cell.function and variable in cell.function.inputs
        )
        return self._changed(at, Cell(Use.DONE, self.cells[at].function, (), tick), tick + 1)

    def _with_buffer(self, cell: Cell) -> tuple[Cell, ...]:
        at = next((i for i, old in enumerate(self.cells) if old.use is Use.REUSABLE), len(self.cells))
        return (*self.cells[:at], cell, *self.cells[at + 1 :])

    def _give(self, variables: frozenset[str], tick: int) -> Self:
        at = next(i for i, cell in enumerate(self.cells) if not variables.isdisjoint(cell.pending))
        cell = self.cells[at]
        pending = without(cell.pending, variables)
        use = cell.use if pending else _AFTER_LAST_READ[cell.use]
        return self._changed(at, cell._replace(use=use, pending=pending), tick)

    def _changed(self, at: int, cell: Cell, next_tick: int) -> Self:
        return self.but(cells=(*self.cells[:at], cell, *self.cells[at + 1 :]), next_tick=next_tick)

    @property
    def breakable(self) -> tuple[Function, ...]:
        return tuple(cell.function for cell in self.cells if cell.use is Use.LOOP and cell.function)

    def break_loop(self, loop: Function, begin: Function, end: Function) -> Self:
        """The unit after ``loop`` fell into ``begin``, its outputs, and ``end``, its input."""
        at = next(i for i, cell in enumerate(self.cells) if cell.function == loop)
        fresh = Cell(Use.LOOP_SOURCE, end, begin.outputs[0])
        functions = tuple(f for f in self.functions if f != loop)
        return self._changed(at, fresh, self.next_tick).but(functions=(end, begin, *functions))


_AFTER_LAST_READ = {Use.CONSTANT: Use.DONE, Use.LOOP_SOURCE: Use.LOOP_TARGET, Use.BUFFER: Use.REUSABLE}
