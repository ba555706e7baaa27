"""Expert nests keep C in registers over the whole reduction, compile, and are right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.looptune.backends.native import compile_nest, supported
from gymcc.envs.looptune.backends.walk import TARGETS, Target, Tile, walk
from gymcc.envs.looptune.state import Contraction, Nest, default_nest, matmul
from gymcc.envs.looptune.tiles import expert_nests, register_tile, tiled

on_each_isa = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))


class Tiles:
    """Visitor that collects the tiles of a nest."""

    def __init__(self) -> None:
        self.found: list[Tile] = []

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        body()

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        body()

    def tile(self, tile: Tile) -> None:
        self.found.append(tile)


@on_each_isa
@given(sizes=st.tuples(*[st.integers(1, 300)] * 3))
@settings(deadline=None, max_examples=50)
def test_register_tile_holds_c_over_all_of_k(target: Target, sizes: tuple[int, int, int]) -> None:
    contraction = matmul(*sizes)
    nest = register_tile(contraction, target)
    tiles = Tiles()
    walk(nest, target, tiles)
    assert {tile.extents[1] for tile in tiles.found} == {sizes[2]}
    assert all(tile.vector == contraction.vector_dim is not None for tile in tiles.found)


@on_each_isa
def test_candidates_are_distinct_and_include_the_expert(target: Target) -> None:
    contraction = matmul(200, 200, 200)
    nests = expert_nests(contraction, target, tiles=3)
    assert len(nests) == len(set(nests)) == 3 * 24
    assert register_tile(contraction, target) in nests


@pytest.mark.parametrize("sizes", [(1, 1, 1), (5, 40, 70), (33, 97, 65)])
def test_candidates_compute_the_contraction(sizes: tuple[int, int, int]) -> None:
    for target in supported():
        for nest in expert_nests(matmul(*sizes), target, tiles=2):
            compile_nest(nest, target).check()


def test_batched_matmul_gets_tiles_and_a_dot_product_does_not() -> None:
    target = TARGETS["avx512"]
    batched = Contraction(
        "bmm", ("b", "m", "k", "n"), (3, 40, 50, 60), (2400, 60, 0, 1), (2000, 50, 1, 0), (3000, 0, 60, 1)
    )
    tiles = Tiles()
    walk(register_tile(batched, target), target, tiles)
    assert {tile.extents[2] for tile in tiles.found} == {50}
    assert max(tile.extents[1] for tile in tiles.found) > 1
    dot = Contraction("dot", ("k",), (100,), (0,), (1,), (1,))
    assert register_tile(dot, target) == default_nest(dot)
    assert expert_nests(dot, target) == [default_nest(dot)]
    with pytest.raises(ValueError, match="lanes"):
        tiled(dot, 4, 32)


def test_tiled_puts_the_reduction_outside_the_tile() -> None:
    nest: Nest = tiled(matmul(64, 64, 64), 8, 32, k_unroll=8)
    assert [(loop.dim, loop.step) for loop in nest.loops] == [(2, 32), (0, 8), (1, 8), (1, 1), (0, 1), (2, 1)]
