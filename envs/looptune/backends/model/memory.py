"""Lines that miss each cache: reuse analysis over the loops around, and inside, the register tile.

From the innermost block outwards, an operand's misses grow with each loop either by the *new* lines the loop reaches
(while the loop's body leaves its lines in the cache) or by its full trip count (when the body evicts them). Which share
survives a body is read off the body's lines, counted per cache set: a set with far more lines than ways keeps none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.looptune.backends.model.compute import Step, split_share
from gymcc.envs.looptune.backends.model.machine import CORE, LEVELS, Cache
from gymcc.envs.looptune.backends.walk import Target, Tile
from gymcc.envs.looptune.state import Contraction

Strides = tuple[tuple[int, ...], ...]  # of (C, A, B), each (dims,), elements
Block = tuple[int, ...]  # (dims,) elements
Triple = tuple[float, float, float]  # of (C, A, B)


def memory_cycles(contraction: Contraction, target: Target, spine: Sequence[Step], tile: Tile) -> float:
    """Cycles to bring in every line that misses a cache, in one run of a nest that runs again and again."""
    blocks = _blocks(contraction, spine, tile)
    inside = len(tile.reduction)  # blocks smaller than the tile: C is in registers
    states = [resident(contraction.strides, block, i >= inside) for i, block in enumerate(blocks)]
    trips = [_trips(body, block) for body, block in pairwise(blocks)]
    c_cost, a_cost, b_cost = (
        1.0 + CORE.split_miss * split_share(tile, contraction, operand, target) for operand in range(3)
    )
    cycles = 0.0
    for level, cache in enumerate(LEVELS):
        c, a, b = _misses([state[level] for state in states], trips)
        # C's lines come in and are written back.
        cycles += cache.miss * (2.0 * c * c_cost + a * a_cost + b * b_cost)
    return cycles


def _blocks(contraction: Contraction, spine: Sequence[Step], tile: Tile) -> list[Block]:
    """Extents of every block from the innermost reduction step outwards; each is one loop larger than the last."""
    loops = [*((step.dim, step.step) for step in spine), *((dim, 1) for dim in tile.reduction)]
    block = contraction.extents
    blocks = [block]
    for dim, step in loops:
        block = (*block[:dim], step, *block[dim + 1 :])
        blocks.append(block)
    return blocks[::-1]


def _trips(body: Block, block: Block) -> float:
    """Iterations of the one loop between two blocks, a tail counting as a part."""
    for inner, outer in zip(body, block, strict=True):
        if inner != outer:
            return outer / inner
    return 1.0


def _misses(states: list[tuple[Triple, Triple]], trips: list[float]) -> Triple:
    """One level: ``states`` holds lines and surviving shares of (C, A, B) per block, innermost first."""
    (c, a, b), _ = states[0]
    for ((c0, a0, b0), (c_kept, a_kept, b_kept)), ((c1, a1, b1), _), n in zip(states, states[1:], trips, strict=False):
        c *= c_kept * c1 / c0 + (1.0 - c_kept) * n
        a *= a_kept * a1 / a0 + (1.0 - a_kept) * n
        b *= b_kept * b1 / b0 + (1.0 - b_kept) * n
    # The nest runs again on the same arrays: what survived the whole of it is not fetched anew.
    c_kept, a_kept, b_kept = states[-1][1]
    return c * (1.0 - c_kept), a * (1.0 - a_kept), b * (1.0 - b_kept)


@lru_cache(maxsize=65_536)
def resident(strides: Strides, block: Block, c_in_memory: bool = True) -> tuple[tuple[Triple, Triple], ...]:
    """Per level: lines of (C, A, B) in a block, and the share of each still in the cache after one pass over it."""
    return tuple(_resident(strides, block, c_in_memory, cache) for cache in LEVELS)


def _resident(strides: Strides, block: Block, c_in_memory: bool, cache: Cache) -> tuple[Triple, Triple]:
    axes = [tuple((s, e) for s, e in zip(operand, block, strict=True) if s and e > 1) for operand in strides]
    (c, c_sets), (a, a_sets), (b, b_sets) = (lines(operand, cache.line, cache.sets) for operand in axes)
    # Whole numbers, so that the sums are exact on every machine.
    taken = a_sets + b_sets + c_sets * c_in_memory
    room = np.clip(cache.ways + cache.slack - taken, 0, cache.slack)
    kept = [int(sets @ room) / (count * cache.slack) for sets, count in ((c_sets, c), (a_sets, a), (b_sets, b))]
    return (float(c), float(a), float(b)), (kept[0] if c_in_memory else 1.0, kept[1], kept[2])


@lru_cache(maxsize=16_384)
def lines(axes: tuple[tuple[int, int], ...], line: int, sets: int) -> tuple[int, NDArray[np.int64]]:
    """Distinct lines of a strided block at a line boundary, and how many fall on each set, ``(sets,)``.

    ``axes`` are (stride, extent) pairs, in elements.
    """
    run, starts = 1, np.zeros(1, dtype=np.int64)
    for stride, extent in sorted(axes):
        if stride <= run:
            run += (extent - 1) * stride
        else:
            starts = np.add.outer(np.arange(extent, dtype=np.int64) * stride, starts).ravel()
    longest = (run + line - 2) // line + 1
    touched = (starts // line)[:, None] + np.arange(longest)
    touched = np.unique(touched[touched <= ((starts + run - 1) // line)[:, None]])
    return len(touched), np.bincount(touched % sets, minlength=sets)
