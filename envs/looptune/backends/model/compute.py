"""Cycles of the core when every load hits L1: a visitor of the shared walk, each loop body priced once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from gymcc.envs.looptune.backends.model.machine import CORE
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
        each = self.cycles
        if self.contraction.is_reduction(dim):
            each = max(each, CORE.forward_latency)
        overhead = 0.0 if unroll else trips * CORE.loop_uops / CORE.issue + CORE.loop_exit
        self.cycles = before + trips * each + overhead

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        body()

    def tile(self, tile: Tile) -> None:
        if self.core_tile is None:
            self.core_tile = tile
        self.cycles += tile_cycles(tile, self.contraction, self.target)


@lru_cache(maxsize=65_536)
def tile_cycles(tile: Tile, contraction: Contraction, target: Target) -> float:
    """Cycles of one register tile: the tightest of its throughput limits or its dependency chain, plus C's traffic."""
    counts = [vectors(tile, strides, target) for strides in contraction.strides]
    registers, loads = counts[0], counts[1] + counts[2]
    steps = prod(tile.extents[d] for d in tile.reduction)
    loop_uops = CORE.loop_uops / tile.unroll if steps > tile.unroll else 0.0
    broadcasts_fold = 1 in counts[1:]  # one vector column: the broadcast is an operand of its FMA
    body_uops = registers + (min(counts[1:]) if broadcasts_fold else loads) + loop_uops
    uops = steps * body_uops + 2 * registers
    throughput = max(registers / CORE.fmas, loads / CORE.loads, body_uops / CORE.issue)
    chain = (steps * CORE.fma_latency + CORE.tile_latency) * min(1.0, uops / CORE.reorder_buffer)
    return max(steps * throughput + registers / CORE.stores, chain)


def vectors(tile: Tile, strides: tuple[int, ...], target: Target) -> int:
    """Distinct vectors (or broadcast scalars) of an operand that one reduction step of the tile touches."""
    count = 1
    for dim, extent in enumerate(tile.extents):
        if strides[dim] and dim not in tile.reduction:
            count *= -(-extent // target.lanes) if dim == tile.vector else extent
    return count
