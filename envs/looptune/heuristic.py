"""Nests that an expert would write: register tiles with C kept over the whole reduction, in a few outer orders."""

from __future__ import annotations

from collections.abc import Iterator

from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.state import Contraction, Loop, Nest, default_nest

LATENCY = 4  # cycles of an FMA; two are started per cycle, and two loads
K_BLOCKS = (64, 128)  # reduction steps whose operands are kept in L1


def register_tile(contraction: Contraction, target: Target) -> Nest:
    """The single nest a LoopNest expert would write: the tile with the fewest cycles by counting FMAs and loads."""
    tiles = _tiles(contraction, target)
    if not tiles:
        return default_nest(contraction)
    return _nest(contraction, *min(tiles, key=lambda tile: _cycles(contraction, target, *tile)), 0, rows_outside=False)


def expert_nests(contraction: Contraction, target: Target, tiles: int = 24) -> list[Nest]:
    """Candidates of a small tile search: the ``tiles`` most promising register tiles, each in four to six orders."""
    ranked = sorted(_tiles(contraction, target), key=lambda tile: _cycles(contraction, target, *tile))
    nests = (nest for rows, width in ranked[:tiles] for nest in _orders(contraction, rows, width))
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
    assert vector is not None and row is not None

    def parts(extent: int, block: int) -> Iterator[tuple[int, int]]:
        """(number, size) of full blocks and of the tail."""
        yield extent // block, block
        yield 1, extent % block

    total = 0.0
    for m_count, m in parts(contraction.extents[row], rows):
        for n_count, n in parts(contraction.extents[vector], width):
            vectors = -(-n // target.lanes)
            if m and n:
                total += m_count * n_count * max(m * vectors / 2, (m + vectors) / 2 * 1.1, LATENCY)
    return total


def _orders(contraction: Contraction, rows: int, width: int) -> Iterator[Nest]:
    for rows_outside in (False, True):
        for k_block in (0, *K_BLOCKS):
            yield _nest(contraction, rows, width, k_block, rows_outside)


def _nest(contraction: Contraction, rows: int, width: int, k_block: int, rows_outside: bool) -> Nest:
    """Outer loops over tiles, the last reduction in blocks outside them if ``k_block``, then the tile."""
    vector, row = contraction.vector_dim, _row_dim(contraction)
    assert vector is not None and row is not None
    reductions = [d for d in range(len(contraction.dims)) if contraction.is_reduction(d)]
    others = [d for d, s in enumerate(contraction.c_strides) if s and d not in (vector, row)]
    blocks = [(row, rows), (vector, width)] if rows_outside else [(vector, width), (row, rows)]
    if reductions and 1 < k_block < contraction.extents[reductions[-1]]:
        blocks.insert(0, (reductions[-1], k_block))
    outer = [Loop(d, 1) for d in others] + [Loop(d, n) for d, n in blocks if 1 < n < contraction.extents[d]]
    return Nest(contraction, (*outer, *(Loop(d, 1) for d in (*reductions, row, vector))))
