"""The schedule an expert would write, as decisions: cut a register tile and keep C in it over the whole reduction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from gymcc.envs.core.problem import IllegalAction

if TYPE_CHECKING:
    from gymcc.envs.looptune.problem import LoopTune

ROW_SPLITS = (4, 8, 16)
COLUMN_SPLITS = ((16,), (16, 4), (8,), (8, 4))  # applied to n and then again to the outer part


def register_tile_actions(problem: LoopTune, instance: str) -> Sequence[int]:
    """Of the row x column tiles that the action set can cut, the decisions for the one with the fewest loads.

    A tile of r rows and c vectors loads r + c operands for r * c multiply-adds; it must fit the registers, and is only
    as good as the share of the shape that it covers without tails. Without any fitting tile: no decisions.
    """
    best: tuple[float, Sequence[int]] = (float("inf"), ())
    for rows, columns in product(ROW_SPLITS, COLUMN_SPLITS):
        names = _script(rows, columns)
        loads = _loads_per_fma(problem, instance, rows, columns)
        if len(names) <= problem.max_steps and loads < best[0] and _is_legal(problem, instance, names):
            best = (loads, [problem.parse(name) for name in names])
    return best[1]


def _script(rows: int, columns: tuple[int, ...]) -> list[str]:
    """From m, k, n to m, n, [m tile, k, n tile]."""
    split_n = [f"split_{factor}" for factor in columns]
    return [f"split_{rows}", "down", "down", "down", *split_n, "swap_up", "swap_up"]


def _loads_per_fma(problem: LoopTune, instance: str, rows: int, columns: tuple[int, ...]) -> float:
    nest = problem.initial(instance).nest
    extent = dict(zip(nest.contraction.dims, nest.contraction.extents, strict=True))
    width, target = columns[0], problem.backend.target
    for factor in columns[1:]:
        width *= factor
    vectors = -(-width // target.lanes)
    if rows * vectors > target.accumulators or width > extent["n"] or rows > extent["m"]:
        return float("inf")
    covered = (extent["m"] // rows * rows) * (extent["n"] // width * width) / (extent["m"] * extent["n"])
    return (rows + vectors) / (rows * vectors) / covered**2


def _is_legal(problem: LoopTune, instance: str, names: list[str]) -> bool:
    state = problem.initial(instance)
    try:
        for name in names:
            state = problem.apply(state, problem.parse(name))
    except IllegalAction:
        return False
    return True
