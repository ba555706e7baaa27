"""Machine code of one register tile.

C is loaded into registers, updated over the whole reduction and stored. Per reduction step each operand value is read
from memory as rarely as the free registers allow (Belady's replacement rule; latency is left to register renaming):
with several columns a broadcast element of A is loaded once and used for all of them, with a single column it becomes
the FMA's memory operand (an AVX-512 embedded broadcast).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.encoder import BROADCAST, ENCODERS, MASKED, SCALAR, VECTOR, Encoder, Form
from gymcc.envs.looptune.backends.native.errors import CompileError
from gymcc.envs.looptune.backends.walk import Target, Tile

POINTERS = (x86.RDI, x86.RSI, x86.RDX)  # of C, A, B: the first three arguments of a C function
COUNTERS = (x86.RAX, x86.RCX, x86.R8, x86.R9, x86.R10, x86.R11)  # one per nested reduction loop
FLOAT = 4  # bytes

Strides = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]  # of C, A, B: (dims,) elements


class Value(NamedTuple):
    """What an FMA reads: a vector, broadcast or scalar operand at a fixed offset from a moving pointer."""

    operand: int  # 0 C, 1 A, 2 B
    offset: int  # bytes
    kind: str


class Fma(NamedTuple):
    """``register += x * y``."""

    register: int
    x: Value
    y: Value


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
        self.tail = 0 if tile.vector is None else tile.extents[tile.vector] % self.lanes
        self.out = bytearray()

    def code(self) -> bytes:
        values = self.values()
        if self.tail:
            self.out += self.encoder.set_mask(self.tail)
        for register, (c, _, _) in enumerate(values):
            self.emit(Access(self.encoder.load(c.kind, register, POINTERS[0]), 0, c.offset))
        step = self.step([Fma(register, a, b) for register, (_, a, b) in enumerate(values)])
        self.reduce(0, step)
        for register, (c, _, _) in enumerate(values):
            self.emit(Access(self.encoder.store(c.kind, register, POINTERS[0]), 0, c.offset))
        return bytes(self.out)

    def values(self) -> list[tuple[Value, Value, Value]]:
        """(C, A, B) of every register of the tile, row by row."""
        vector = self.tile.vector
        reductions = [d for d, stride in enumerate(self.strides[0]) if stride == 0]
        rows = [(d, n) for d, n in enumerate(self.tile.extents) if d != vector and d not in reductions]
        columns = 1 if vector is None else -(-self.tile.extents[vector] // self.lanes)
        result = []
        for position in product(*(range(n) for _, n in rows)):
            offsets = [sum(i * s[d] for i, (d, _) in zip(position, rows, strict=True)) for s in self.strides]
            for column in range(columns):
                partial = bool(self.tail) and column == columns - 1
                c, a, b = (self.value(op, offset, column, partial) for op, offset in enumerate(offsets))
                result.append((c, a, b))
        return result

    def value(self, operand: int, offset: int, column: int, partial: bool) -> Value:
        if self.tile.vector is None:
            return Value(operand, FLOAT * offset, SCALAR)
        stride = self.strides[operand][self.tile.vector]
        kind = BROADCAST if stride == 0 else MASKED if partial else VECTOR
        return Value(operand, FLOAT * (offset + column * self.lanes * stride), kind)

    def step(self, fmas: list[Fma]) -> list[bytes | Access]:
        """Instructions of one reduction step: register allocation with the farthest next use evicted."""
        if len({fma.x for fma in fmas}) >= len({fma.y for fma in fmas}):
            fmas = sorted(fmas, key=lambda fma: fma.x)  # the operand with fewer values stays in registers
        else:
            fmas = sorted(fmas, key=lambda fma: fma.y)
        registers = self.encoder.masked_registers if self.tail else self.encoder.registers
        return _Allocator(self.encoder, fmas, list(range(len(fmas), registers))).run()

    def reduce(self, level: int, step: list[bytes | Access]) -> None:
        """The loops over ``tile.reduction[level:]`` around ``step``."""
        reduction = self.tile.reduction
        if level == len(reduction):
            self.copies(step, None, range(1))
        elif level == len(reduction) - 1:
            self.unrolled(level, step)
        else:
            extent = self.tile.extents[reduction[level]]
            self.repeat(level, extent, 1, lambda: self.reduce(level + 1, step))
            self.move(reduction[level], -extent)

    def unrolled(self, level: int, step: list[bytes | Access]) -> None:
        """The innermost reduction: ``unroll`` steps per iteration and a static remainder."""
        dim, unroll = self.tile.reduction[level], self.tile.unroll
        trips, rest = divmod(self.tile.extents[dim], unroll)
        if trips == 1:
            self.copies(step, dim, range(unroll + rest))
            return
        self.repeat(level, trips, unroll, lambda: self.copies(step, dim, range(unroll)))
        self.copies(step, dim, range(rest))
        self.move(dim, -trips * unroll)

    def repeat(self, level: int, trips: int, elements: int, body: Callable[[], None]) -> None:
        counter = COUNTERS[level]
        self.out += x86.mov(counter, trips)
        start = len(self.out)
        body()
        self.move(self.tile.reduction[level], elements)
        self.out += x86.decrement(counter)
        self.out += x86.jump_if_not_zero(start - len(self.out))

    def copies(self, step: list[bytes | Access], dim: int | None, positions: range) -> None:
        """``step`` at several positions along ``dim``, reached by displacements."""
        address = x86.address
        moves = [0, 0, 0] if dim is None else [FLOAT * s[dim] for s in self.strides]
        for position in positions:
            for instruction in step:
                if isinstance(instruction, bytes):
                    self.out += instruction
                else:
                    (head, modrm, unit), operand, offset = instruction
                    self.out += head + address(modrm, unit, offset + position * moves[operand])

    def move(self, dim: int, elements: int) -> None:
        for pointer, stride in zip(POINTERS, self.strides, strict=True):
            if stride[dim] and elements:
                self.out += x86.add(pointer, FLOAT * stride[dim] * elements)

    def emit(self, access: Access) -> None:
        (head, modrm, unit), _, offset = access
        self.out += head + x86.address(modrm, unit, offset)


class _Allocator:
    """Turns FMAs on values into instructions, given a few registers to keep values in."""

    def __init__(self, encoder: Encoder, fmas: list[Fma], free: list[int]) -> None:
        self.encoder, self.fmas, self.free = encoder, fmas, free
        self.where: dict[Value, int] = {}
        self.uses: dict[Value, deque[int]] = {}
        for i, fma in enumerate(fmas):
            self.uses.setdefault(fma.x, deque()).append(i)
            self.uses.setdefault(fma.y, deque()).append(i)
        self.out: list[bytes | Access] = []

    def run(self) -> list[bytes | Access]:
        for fma in self.fmas:
            self.uses[fma.x].popleft()
            self.uses[fma.y].popleft()
            self.one(fma)
            for value in (fma.x, fma.y):
                if not self.uses[value] and value in self.where:
                    self.free.append(self.where.pop(value))
        return self.out

    def one(self, fma: Fma) -> None:
        x, y = fma.x, fma.y
        if (len(self.uses[x]) < len(self.uses[y]) and y not in self.where) or y in self.where:
            x, y = y, x  # x is kept in a register, y perhaps read by the FMA itself
        if x not in self.where:
            self.load(x, keep=y)
        if y not in self.where and self.folds(y, keep=x):
            form = self.encoder.fma_memory(y.kind, fma.register, self.where[x], POINTERS[y.operand])
            self.out.append(Access(form, y.operand, y.offset))
            return
        if y not in self.where:
            self.load(y, keep=x)
        self.out.append(self.encoder.fma(x.kind == SCALAR, fma.register, self.where[x], self.where[y]))

    def next_use(self, value: Value) -> int:
        return self.uses[value][0] if self.uses[value] else len(self.fmas)

    def folds(self, value: Value, keep: Value) -> bool:
        """Whether reading ``value`` from memory each time beats giving it a register now."""
        if value.kind not in self.encoder.foldable:
            return False
        if not self.uses[value]:
            return True
        return not self.free and all(self.next_use(w) < self.next_use(value) for w in self.where if w != keep)

    def load(self, value: Value, keep: Value) -> None:
        if self.free:
            register = self.free.pop()
        else:
            victim = max((w for w in self.where if w != keep), key=self.next_use)
            register = self.where.pop(victim)
        self.where[value] = register
        form = self.encoder.load(value.kind, register, POINTERS[value.operand])
        self.out.append(Access(form, value.operand, value.offset))
