"""How large the code of a nest becomes, decided from the walk alone, before any code is generated.

The environment's mask and the code generator use the same figure, so that "legal" means "compiles" on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from gymcc.envs.looptune.backends.walk import Target, Tile, walk
from gymcc.envs.looptune.state import Nest

MAX_INSTRUCTIONS = 16_384  # FMAs, loads and stores of C; about 128 KiB of code, four times an L1 instruction cache


def instructions(nest: Nest, target: Target) -> int:
    """FMAs, C loads and C stores in the code of ``nest``: its size, tails and unrolled copies included."""
    count = _Count(nest, target)
    walk(nest, target, count)
    return count.total


def tile_instructions(tile: Tile, c_strides: tuple[int, ...], target: Target) -> int:
    """FMAs, C loads and C stores in the code of one tile."""
    rows = prod(extent for dim, extent in enumerate(tile.extents) if c_strides[dim] and dim != tile.vector)
    columns = 1 if tile.vector is None else -(-tile.extents[tile.vector] // target.lanes)
    steps = tile.unroll + tile.extents[tile.reduction[-1]] % tile.unroll if tile.reduction else 1
    return rows * columns * (2 + steps)


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
        self.total += tile_instructions(tile, self.c_strides, self.target)
