"""Nests that an expert would write: register tiles with C kept over the whole reduction, in a few outer orders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.state import Contraction, Loop, Nest, default_nest

LATENCY = 4  # cycles of an FMA; two are started per cycle, and two loads
STREAM = 0.1  # cycles per reduction step for each operand of a tile: what moving it to L1 costs on top
START, PER_VECTOR = 25.0, 1.5  # cycles per tile: loop exit, and traffic of C
K_BLOCKS = (0, 64, 96, 128)  # reduction steps whose operands are kept in L1; 0: all
K_UNROLLS = (0, 8, 16)  # reduction steps per loop body; 0: as the walk decides


def register_tile(contraction: Contraction, target: Target) -> Nest:
    """The single nest a LoopNest expert would write: the tile with the fewest cycles by counting FMAs and loads."""
    tiles = _tiles(contraction, target)
    if not tiles:
        return default_nest(contraction)
    return tiled(contraction, *min(tiles, key=lambda tile: _cycles(contraction, target, *tile)))


def expert_nests(contraction: Contraction, target: Target, tiles: int = 18) -> list[Nest]:
    """Candidates of a small tile search: the ``tiles`` most promising register tiles, each in up to 24 variants."""
    ranked = sorted(_tiles(contraction, target), key=lambda tile: _cycles(contraction, target, *tile))
    nests = (nest for rows, width in ranked[:tiles] for nest in _variants(contraction, rows, width))
    return list(dict.fromkeys(nests)) or [default_nest(contraction)]


def _row_dim(contraction: Contraction) -> int | None:
    """The innermost dimension of C that is not laid over vector lanes."""
    dims = [d for d, stride in enumerate(contraction.c_strides) if stride and d != contraction.vector_dim]
    return max(dims, key=lambda d: (contraction.extents[d] > 1, d), default=None)


def _tiles(contraction: Contraction, target: Target) -> list[tuple[int, int]]:
    """(rows, width in elements) of all tiles whose C fits the registers."""
    vector, row = contraction.vector_dim, _row_dim(contraction)
    if vector is None or row is None:
        return []
    shapes = []
    for columns in range(1, target.accumulators + 1):
        for rows in range(1, target.accumulators // columns + 1):
            width = columns * target.lanes
            if rows <= contraction.extents[row] and width - target.lanes < contraction.extents[vector]:
                shapes.append((rows, width))
    return shapes


def _cycles(contraction: Contraction, target: Target, rows: int, width: int) -> float:
    """Cycles per reduction step over one plane of C, tails included."""
    vector, row = contraction.vector_dim, _row_dim(contraction)
    assert vector is not None
    assert row is not None

    def parts(extent: int, block: int) -> Iterator[tuple[int, int]]:
        """(number, size) of full blocks and of the tail."""
        yield extent // block, block
        yield 1, extent % block

    steps = prod(extent for d, extent in enumerate(contraction.extents) if contraction.is_reduction(d))
    total = 0.0
    for m_count, m in parts(contraction.extents[row], rows):
        for n_count, n in parts(contraction.extents[vector], width):
            if m and n:
                v = -(-n // target.lanes)
                busy = max(m * v / 2, (m + v) / 2, LATENCY)
                total += m_count * n_count * (busy + STREAM * (m + v) + (START + PER_VECTOR * m * v) / steps)
    return total


def _variants(contraction: Contraction, rows: int, width: int) -> Iterator[Nest]:
    for rows_outside, k_block, k_unroll in product((False, True), K_BLOCKS, K_UNROLLS):
        yield tiled(contraction, rows, width, rows_outside, k_block, k_unroll)


def tiled(
    contraction: Contraction, rows: int, width: int, rows_outside: bool = False, k_block: int = 0, k_unroll: int = 0
) -> Nest:
    """Loops over blocks of the last reduction, then over tiles of C, then the tile with its reductions outermost.

    A block or tile that covers its whole dimension gets no loop. ``k_unroll`` must divide ``k_block``. Raises
    ValueError if the contraction has no dimension for the lanes or no other dimension of C.
    """
    vector, row = contraction.vector_dim, _row_dim(contraction)
    if vector is None or row is None:
        raise ValueError("no dimension can be laid over vector lanes, or C has no other dimension")
    extents = contraction.extents
    reductions = [d for d in range(len(contraction.dims)) if contraction.is_reduction(d)]
    batch = [d for d, s in enumerate(contraction.c_strides) if s and d not in (vector, row)]
    outer = [(d, 1) for d in batch]
    outer += [(d, k_block) for d in reductions[-1:]]
    outer += [(row, rows), (vector, width)] if rows_outside else [(vector, width), (row, rows)]
    loops = [Loop(d, n) for d, n in outer if d in batch or 1 < n < extents[d]]
    loops += [Loop(d, 1) for d in reductions[:-1]]
    for k in reductions[-1:]:
        if 1 < k_unroll < min(extents[k], k_block or extents[k]):
            loops.append(Loop(k, k_unroll))
        loops.append(Loop(k, 1, unroll=k_unroll > 1))
    return Nest(contraction, (*loops, Loop(row, 1), Loop(vector, 1)))
