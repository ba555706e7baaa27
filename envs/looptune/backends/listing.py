"""The code of a nest as plain data, to tell whether two nests compile to the same code."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from gymcc.envs.looptune.backends.walk import Target, Tile, walk
from gymcc.envs.looptune.state import Nest

Code = tuple[Any, ...]  # nested: ("loop", dim, trips, step, unroll, *body), ("offset", dim, elements, *body), Tile


class _Listing:
    def __init__(self) -> None:
        self.items: list[Any] = []

    def _nested(self, head: tuple[Any, ...], body: Callable[[], None]) -> None:
        outer, self.items = self.items, []
        body()
        outer.append((*head, *self.items))
        self.items = outer

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        self._nested(("loop", dim, trips, step, unroll), body)

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        self._nested(("offset", dim, elements), body)

    def tile(self, tile: Tile) -> None:
        self.items.append(tile)


@lru_cache(maxsize=4096)
def listing(nest: Nest, target: Target) -> Code:
    """The code of ``nest`` on ``target`` as nested tuples."""
    visitor = _Listing()
    walk(nest, target, visitor)
    return tuple(visitor.items)


def same_code(one: Nest, other: Nest, target: Target) -> bool:
    """Whether two nests compile to the same code."""
    return listing(one, target) == listing(other, target)
