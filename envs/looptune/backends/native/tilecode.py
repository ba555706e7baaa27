"""Machine code of one register tile.

C is kept in registers over the whole reduction, and read and written once. How the operands reach the FMAs of one
reduction step is decided in :mod:`allocation`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import NamedTuple

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.allocation import POINTERS, allocate
from gymcc.envs.looptune.backends.native.encoder import BROADCAST, ENCODERS, MASKED, SCALAR, VECTOR, Encoder, Form
from gymcc.envs.looptune.backends.native.errors import CompileError
from gymcc.envs.looptune.backends.walk import Target, Tile

COUNTERS = (x86.RAX, x86.RCX, x86.R8, x86.R9, x86.R10, x86.R11)  # one per nested reduction loop
FLOAT = 4  # bytes
LATE = 16  # reduction steps from which on C is read after them rather than before, when the loads delay no FMA

Strides = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]  # of C, A, B: (dims,) elements


class Value(NamedTuple):
    """What fills a register: memory at a fixed offset from a moving pointer, and how it is spread over the lanes."""

    operand: int  # 0 C, 1 A, 2 B
    offset: int  # bytes
    kind: str


class Access(NamedTuple):
    """An instruction with a memory operand."""

    form: Form
    operand: int
    offset: int  # bytes


@lru_cache(maxsize=4096)
def tile_code(tile: Tile, strides: Strides, target: Target) -> bytes:
    """Position-independent code of ``tile``; pointers are left where they were. Overwrites the counters and flags."""
    return _TileCode(tile, strides, target).code()


class _TileCode:
    def __init__(self, tile: Tile, strides: Strides, target: Target) -> None:
        if len(tile.reduction) > len(COUNTERS):
            raise CompileError(f"{len(tile.reduction)} nested reductions in a register tile; at most {len(COUNTERS)}")
        self.tile, self.strides, self.target = tile, strides, target
        self.encoder: Encoder = ENCODERS[target.name]
        self.lanes = 1 if tile.vector is None else target.lanes
        elements = 1 if tile.vector is None else tile.extents[tile.vector]
        self.columns, self.tail = -(-elements // self.lanes), elements % self.lanes
        self.out = bytearray()

    def code(self) -> bytes:
        if self.tail:
            self.out += self.encoder.set_mask(self.tail)
        c, step = self.values(0), self.step(self.values(1), self.values(2))
        late = prod(self.tile.extents[dim] for dim in self.tile.reduction) >= LATE
        if late:
            for register in range(len(c)):
                self.out += self.encoder.clear(register)
        else:
            self.transfer(self.encoder.load, c)
        self.reduce(0, step)
        if late:
            self.add(c)
        self.transfer(self.encoder.store, c)
        return bytes(self.out)

    def add(self, c: list[Value]) -> None:
        """Add C in memory to its registers; the operands' registers are free by now."""
        free = self.encoder.operand_registers
        for register, value in enumerate(c):
            temporary = free[register % len(free)]
            self.transfer(self.encoder.load, [value], temporary)
            self.out += self.encoder.add(register, temporary)

    def values(self, operand: int) -> list[Value]:
        """What each register of the tile, row by row, needs of one operand."""
        strides, rows = self.strides[operand], [0]
        for dim, extent in enumerate(self.tile.extents):
            if self.strides[0][dim] and dim != self.tile.vector:
                step = FLOAT * strides[dim]
                rows = [row + i * step for row in rows for i in range(extent)]
        kinds = self.kinds(operand)
        step = 0 if kinds[0] == BROADCAST else FLOAT * self.lanes
        of_row = {row: [Value(operand, row + i * step, kind) for i, kind in enumerate(kinds)] for row in set(rows)}
        return [value for row in rows for value in of_row[row]]

    def kinds(self, operand: int) -> list[str]:
        """How one operand fills the registers of a row."""
        if self.tile.vector is None:
            return [SCALAR]
        if self.strides[operand][self.tile.vector] == 0:
            return [BROADCAST] * self.columns
        return [VECTOR] * (self.columns - bool(self.tail)) + [MASKED] * bool(self.tail)

    def transfer(self, instruction: Callable[[str, int, int], Form], values: list[Value], first: int = 0) -> None:
        """Load or store registers ``first``, ``first + 1``, …"""
        for register, (operand, offset, kind) in enumerate(values, first):
            head, modrm, unit = instruction(kind, register, POINTERS[operand])
            self.out += head + x86.address(modrm, unit, offset)

    def step(self, a: list[Value], b: list[Value]) -> list[bytes | Access]:
        """Instructions of one reduction step."""
        values = list(dict.fromkeys(a + b))
        index = {value: i for i, value in enumerate(values)}
        pairs = tuple((index[x], index[y]) for x, y in zip(a, b, strict=True))
        sources = tuple((value.operand, value.kind) for value in values)
        result: list[bytes | Access] = []
        for instruction in allocate(self.target.name, pairs, sources):
            if isinstance(instruction, bytes):
                result.append(instruction)
            else:
                form, i = instruction
                result.append(Access(form, values[i].operand, values[i].offset))
        return result

    def reduce(self, level: int, step: list[bytes | Access]) -> None:
        """The loops over ``tile.reduction[level:]`` around ``step``."""
        reduction = self.tile.reduction
        if level == len(reduction):
            self.copies(step, (0, 0, 0), range(1))
        elif level == len(reduction) - 1:
            self.unrolled(level, step)
        else:
            extent = self.tile.extents[reduction[level]]
            self.repeat(level, extent, 1, lambda: self.reduce(level + 1, step))
            self.move(reduction[level], -extent)

    def unrolled(self, level: int, step: list[bytes | Access]) -> None:
        """The innermost reduction: ``unroll`` steps per iteration and a static remainder."""
        dim, unroll = self.tile.reduction[level], self.tile.unroll
        moves = tuple(FLOAT * strides[dim] for strides in self.strides)
        trips, rest = divmod(self.tile.extents[dim], unroll)
        if trips == 1:
            self.copies(step, moves, range(unroll + rest))
            return
        self.repeat(level, trips, unroll, lambda: self.copies(step, moves, range(unroll)))
        self.copies(step, moves, range(rest))
        self.move(dim, -trips * unroll)

    def repeat(self, level: int, trips: int, elements: int, body: Callable[[], None]) -> None:
        counter = COUNTERS[level]
        self.out += x86.mov(counter, trips)
        start = len(self.out)
        body()
        self.move(self.tile.reduction[level], elements)
        self.out += x86.decrement(counter)
        self.out += x86.jump_if_not_zero(start - len(self.out))

    def copies(self, step: list[bytes | Access], moves: tuple[int, ...], positions: range) -> None:
        """``step`` at several positions of a dimension, ``moves`` bytes apart for each operand."""
        out, address = self.out, x86.address
        for position in positions:
            shifts = [position * move for move in moves]
            for instruction in step:
                if isinstance(instruction, bytes):
                    out += instruction
                else:
                    (head, modrm, unit), operand, offset = instruction
                    out += head + address(modrm, unit, offset + shifts[operand])

    def move(self, dim: int, elements: int) -> None:
        for pointer, strides in zip(POINTERS, self.strides, strict=True):
            if strides[dim] and elements:
                self.out += x86.add(pointer, FLOAT * strides[dim] * elements)
