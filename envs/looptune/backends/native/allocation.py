"""Registers for the operands of one reduction step.

Each value is read from memory as rarely as the free registers allow (Belady's replacement rule; hiding the latency is
left to the CPU's register renaming). With several columns a broadcast element of A is loaded once and used for all of
them; with a single column it becomes the FMA's memory operand, on AVX-512 an embedded broadcast.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.encoder import ENCODERS, MASKED, SCALAR, Form

POINTERS = (x86.RDI, x86.RSI, x86.RDX)  # of C, A, B: the first three arguments of a C function

Pairs = tuple[tuple[int, int], ...]  # for accumulator 0, 1, …: the two values that it adds the product of
Sources = tuple[tuple[int, str], ...]  # for value 0, 1, …: its operand (1 A, 2 B) and how it fills a register
Step = tuple[bytes | tuple[Form, int], ...]  # instructions; those on memory with the value that they read


@lru_cache(maxsize=1024)
def allocate(isa: str, pairs: Pairs, sources: Sources) -> Step:
    """``accumulator += x * y`` for all ``pairs``, with the registers above the accumulators free for values."""
    return _Allocator(isa, pairs, sources).run()


class _Allocator:
    def __init__(self, isa: str, pairs: Pairs, sources: Sources) -> None:
        self.encoder, self.sources = ENCODERS[isa], sources
        masked = any(kind == MASKED for _, kind in sources)
        registers = self.encoder.masked_registers if masked else self.encoder.registers
        self.free = list(range(len(pairs), registers))
        self.fmas = _ordered(pairs)
        self.where: dict[int, int] = {}  # value: register
        self.uses: list[deque[int]] = [deque() for _ in sources]  # places in self.fmas still to come
        for place, (_, x, y) in enumerate(self.fmas):
            self.uses[x].append(place)
            self.uses[y].append(place)
        self.out: list[bytes | tuple[Form, int]] = []

    def run(self) -> Step:
        for accumulator, x, y in self.fmas:
            self.uses[x].popleft()
            self.uses[y].popleft()
            self.fma(accumulator, x, y)
            for value in {x, y}:
                if not self.uses[value] and value in self.where:
                    self.free.append(self.where.pop(value))
        return tuple(self.out)

    def fma(self, accumulator: int, x: int, y: int) -> None:
        if y in self.where or (x not in self.where and len(self.uses[x]) < len(self.uses[y])):
            x, y = y, x  # x is kept in a register, y perhaps read by the FMA itself
        if x not in self.where:
            self.load(x, keep=y)
        operand, kind = self.sources[y]
        if y not in self.where and self.folds(y, keep=x):
            self.out.append((self.encoder.fma_memory(kind, accumulator, self.where[x], POINTERS[operand]), y))
            return
        if y not in self.where:
            self.load(y, keep=x)
        self.out.append(self.encoder.fma(kind == SCALAR, accumulator, self.where[x], self.where[y]))

    def next_use(self, value: int) -> int:
        return self.uses[value][0] if self.uses[value] else len(self.fmas)

    def folds(self, value: int, keep: int) -> bool:
        """Whether reading ``value`` from memory now and again later beats giving it a register."""
        if self.sources[value][1] not in self.encoder.foldable:
            return False
        if not self.uses[value]:
            return True
        return not self.free and all(
            self.next_use(other) < self.next_use(value) for other in self.where if other != keep
        )

    def load(self, value: int, keep: int) -> None:
        if self.free:
            register = self.free.pop()
        else:
            register = self.where.pop(max((other for other in self.where if other != keep), key=self.next_use))
        self.where[value] = register
        operand, kind = self.sources[value]
        self.out.append((self.encoder.load(kind, register, POINTERS[operand]), value))


def _ordered(pairs: Pairs) -> list[tuple[int, int, int]]:
    """(accumulator, x, y), grouped by the more numerous values, so that the less numerous ones stay in registers."""
    fmas = [(accumulator, x, y) for accumulator, (x, y) in enumerate(pairs)]
    side = 1 if len({x for x, _ in pairs}) >= len({y for _, y in pairs}) else 2
    return sorted(fmas, key=lambda fma: fma[side])
