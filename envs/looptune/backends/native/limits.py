"""How large a kernel may become, decided from the walk alone, before any code is generated.

Environments use :func:`instructions` for their action masks, so that "legal" means "compiles" on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from gymcc.envs.looptune.backends.native.errors import CompileError
from gymcc.envs.looptune.backends.walk import Target, Tile, walk
from gymcc.envs.looptune.state import Nest

MAX_INSTRUCTIONS = 16_384  # FMAs, loads and stores of C; about 128 KiB of code, four times an L1 instruction cache
MAX_BYTES = 2**31 - 1  # of one operand: displacements are signed 32-bit numbers


def instructions(nest: Nest, target: Target) -> int:
    """FMAs, C loads and C stores in the code of ``nest``: its size, tails and unrolled copies included."""
    count = _Count(nest, target)
    walk(nest, target, count)
    return count.total


def check_limits(nest: Nest, target: Target) -> None:
    """Raise CompileError if ``nest`` is beyond the code generator."""
    if any(stride < 0 for strides in nest.contraction.strides for stride in strides):
        raise CompileError("negative strides are not supported")
    if 4 * max(nest.contraction.sizes()) > MAX_BYTES:
        raise CompileError(f"an operand is larger than {MAX_BYTES} bytes")
    count = instructions(nest, target)
    if count > MAX_INSTRUCTIONS:
        raise CompileError(f"the code would have {count} vector instructions, at most {MAX_INSTRUCTIONS}: unroll less")


class _Count:
    def __init__(self, nest: Nest, target: Target) -> None:
        self.c_strides, self.target = nest.contraction.c_strides, target
        self.total = 0

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        before = self.total
        body()
        if unroll:
            self.total = before + trips * (self.total - before)

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        body()

    def tile(self, tile: Tile) -> None:
        kept = [n for d, n in enumerate(tile.extents) if self.c_strides[d] and d != tile.vector]
        columns = 1 if tile.vector is None else -(-tile.extents[tile.vector] // self.target.lanes)
        registers = columns * prod(kept)
        steps = 1
        if tile.reduction:
            rest = tile.extents[tile.reduction[-1]] % tile.unroll
            steps = tile.unroll + rest
        self.total += registers * (2 + steps)
