"""Cycles spent on lines that miss a cache: reuse analysis over the loops around, and inside, the register tile.

From the innermost block outwards, an operand's misses grow with each loop either by the *new* lines the loop reaches
(while the loop's body leaves its lines in the cache) or by its full trip count (when the body evicts them). Which share
survives a body is read off the body's lines, counted per cache set: a set that got more lines than ways keeps none.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.looptune.backends.model.compute import Step
from gymcc.envs.looptune.backends.model.machine import LEVELS, Cache
from gymcc.envs.looptune.backends.walk import Tile
from gymcc.envs.looptune.state import Contraction

Lines = tuple[int, NDArray[np.int64]]  # distinct lines, and how many fall on each set, (sets,)


def memory_cycles(contraction: Contraction, spine: Sequence[Step], tile: Tile) -> float:
    """Cycles to bring in every line that misses L1, L2 or the TLB when the nest runs again and again."""
    blocks = _blocks(contraction, spine, tile)
    return sum(_level_cycles(contraction, blocks, cache) for cache in LEVELS)


def _blocks(contraction: Contraction, spine: Sequence[Step], tile: Tile) -> list[tuple[int, ...]]:
    """Extents of every block from the innermost reduction step outwards; each is one loop larger than the last."""
    loops = [*((step.dim, step.step) for step in spine), *((dim, 1) for dim in tile.reduction)]
    extents = contraction.extents
    blocks = [extents]
    for dim, step in loops:
        extents = (*extents[:dim], min(step, extents[dim]), *extents[dim + 1 :])
        blocks.append(extents)
    return blocks[::-1]


def _level_cycles(contraction: Contraction, blocks: list[tuple[int, ...]], cache: Cache) -> float:
    misses = [float(count) for count, _ in _footprint(contraction, blocks[0], cache)]
    for body, block in itertools.pairwise(blocks):
        trips = max(b / a for a, b in zip(body, block, strict=True))
        growth = _growth(contraction, body, block, cache)
        kept = survival(contraction, body, cache)
        misses = [m * (k * g + (1.0 - k) * trips) for m, k, g in zip(misses, kept, growth, strict=True)]
    # The nest runs again on the same arrays: what survived it is not fetched anew.
    kept = survival(contraction, blocks[-1], cache)
    costs = _line_costs(contraction, blocks[0], cache)
    return sum(m * (1.0 - k) * cost for m, k, cost in zip(misses, kept, costs, strict=True))


def _growth(contraction: Contraction, body: tuple[int, ...], block: tuple[int, ...], cache: Cache) -> list[float]:
    """Lines of the block over lines of one body, per operand: 1 where every iteration touches the same lines."""
    inner, outer = _footprint(contraction, body, cache), _footprint(contraction, block, cache)
    return [o / i for (i, _), (o, _) in zip(inner, outer, strict=True)]


def _line_costs(contraction: Contraction, block: tuple[int, ...], cache: Cache) -> list[float]:
    """Cycles per missing line of (C, A, B): cheaper if one step of the tile walks over several neighbours."""
    costs = []
    for strides in contraction.strides:
        run = max((block[d] for d, stride in enumerate(strides) if stride == 1), default=1)
        costs.append(cache.stream if run >= 2 * cache.line else cache.scattered)
    return [2.0 * costs[0], *costs[1:]]  # C comes in and is written back


@lru_cache(maxsize=65_536)
def survival(contraction: Contraction, block: tuple[int, ...], cache: Cache) -> tuple[float, ...]:
    """Share of each operand's lines, (C, A, B), still in the cache after one pass over the block."""
    footprint = _footprint(contraction, block, cache)
    if sum(count for count, _ in footprint) > 4 * cache.sets * cache.ways:
        return (0.0, 0.0, 0.0)
    fits = sum(sets for _, sets in footprint) <= cache.ways
    return tuple(int(sets[fits].sum()) / count for count, sets in footprint)


def _footprint(contraction: Contraction, block: tuple[int, ...], cache: Cache) -> tuple[Lines, ...]:
    return tuple(
        lines(tuple((s, e) for s, e in zip(strides, block, strict=True) if s and e > 1), cache.line, cache.sets)
        for strides in contraction.strides
    )


@lru_cache(maxsize=65_536)
def lines(axes: tuple[tuple[int, int], ...], line: int, sets: int) -> Lines:
    """Distinct lines of a strided block at a line boundary, counted per set; ``axes`` are (stride, extent) pairs."""
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
