"""Cycles of the core when every load hits L1: a visitor of the shared walk, each loop body priced once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod

from gymcc.envs.looptune.backends.model.machine import CORE, LINE
from gymcc.envs.looptune.backends.walk import Target, Tile
from gymcc.envs.looptune.state import Contraction


@dataclass(frozen=True, slots=True)
class Step:
    """One loop on the way from the whole nest to its first register tile."""

    dim: int
    trips: int
    step: int  # elements of ``dim``


class ComputeCost:
    """Adds up ``cycles`` and notes the ``spine``: the loops around the first full tile, outermost first."""

    def __init__(self, contraction: Contraction, target: Target) -> None:
        self.contraction, self.target = contraction, target
        self.cycles = 0.0
        self.spine: list[Step] = []
        self.core_tile: Tile | None = None  # the tile inside the spine

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        if self.core_tile is None:
            self.spine.append(Step(dim, trips, step))
        before, self.cycles = self.cycles, 0.0
        body()
        uops = CORE.pointer_uops + (0.0 if unroll else CORE.counter_uops)
        each = self.cycles + uops / CORE.issue
        if self.contraction.is_reduction(dim):
            each = max(each, CORE.forward_latency)
        self.cycles = before + trips * each

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        body()

    def tile(self, tile: Tile) -> None:
        if self.core_tile is None:
            self.core_tile = tile
        self.cycles += tile_cycles(tile, self.contraction, self.target)


@lru_cache(maxsize=65_536)
def tile_cycles(tile: Tile, contraction: Contraction, target: Target) -> float:
    """Cycles of one register tile: its scarcest port or its dependency chain, then C's way in and out."""
    registers, a, b = (vectors(tile, strides, target) for strides in contraction.strides)
    steps = prod(tile.extents[d] for d in tile.reduction)
    loads, folded = operand_loads(registers, a, b, target)
    loop_uops = (CORE.pointer_uops + 2.0) / tile.unroll if steps > tile.unroll else 0.0
    uops = registers + loads - folded + loop_uops
    c_split, a_split, b_split = (split_share(tile, contraction, operand, target) for operand in range(3))
    split_loads = loads * (1.0 + CORE.split_load * (a * a_split + b * b_split) / (a + b))
    step = max(registers / CORE.fmas, split_loads / CORE.loads, uops / CORE.issue)
    total = steps * uops + 2 * registers
    # The next tile's chain starts as soon as the window reaches it.
    chain = (steps * CORE.fma_latency + CORE.tile_latency) * total / (total + CORE.window)
    return max(steps * step, chain) + registers * (CORE.c_traffic + CORE.split_c * c_split)


def vectors(tile: Tile, strides: tuple[int, ...], target: Target) -> int:
    """Distinct vectors (or broadcast scalars) of an operand that one reduction step of the tile touches."""
    count = 1
    for dim, extent in enumerate(tile.extents):
        if strides[dim] and dim not in tile.reduction:
            count *= -(-extent // target.lanes) if dim == tile.vector else extent
    return count


def operand_loads(registers: int, a: int, b: int, target: Target) -> tuple[int, int]:
    """Loads of A and B per reduction step, and how many of them are memory operands of FMAs.

    The operand with fewer values stays in the registers that C leaves free; those of its values that find no room are
    read again for each value of the other.
    """
    few, many = min(a, b), max(a, b)
    free = 2 * target.lanes - registers  # 32 registers of 16 lanes, 16 of 8
    if free > few or few == 1:
        return few + many, many if few == 1 else 0
    homeless = few - (free - 1)
    return few - homeless + many * (1 + homeless), many * homeless


def split_share(tile: Tile, contraction: Contraction, operand: int, target: Target) -> float:
    """Share of the vector accesses to C (0), A or B (2) that straddle two cache lines, rows starting anywhere."""
    strides = contraction.strides[operand]
    if tile.vector is None or not strides[tile.vector]:
        return 0.0
    rows = (s for s, extent in zip(strides, contraction.extents, strict=True) if s > 1 and extent > 1)
    return (target.lanes - gcd(target.lanes, *rows)) / LINE
