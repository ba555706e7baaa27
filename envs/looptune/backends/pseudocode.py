"""The code of a nest as people read it: the loops that are left, and what each register tile computes."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.envs.looptune.backends.walk import Target, Tile, registers, walk
from gymcc.envs.looptune.state import Nest

INDENT = "    "


def pseudocode(nest: Nest, target: Target) -> str:
    """What the back ends make of ``nest`` on ``target``, one line for each loop, tail and step of a tile."""
    visitor = _Pseudocode(nest, target)
    walk(nest, target, visitor)
    return "\n".join(visitor.lines)


class _Pseudocode:
    def __init__(self, nest: Nest, target: Target) -> None:
        self.nest, self.target = nest, target
        self.lines: list[str] = []
        self.depth = 0

    def _say(self, text: str, depth: int = 0) -> None:
        self.lines.append(INDENT * (self.depth + depth) + text)

    def _inside(self, head: str, body: Callable[[], None]) -> None:
        self._say(head)
        self.depth += 1
        body()
        self.depth -= 1

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        name = self.nest.contraction.dims[dim]
        note = "  # unrolled" if unroll else ""
        self._inside(f"for {name} from 0 to {trips * step} by {step}:{note}", body)

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        self._inside(f"tail of {self.nest.contraction.dims[dim]} from {elements}:", body)

    def tile(self, tile: Tile) -> None:
        contraction = self.nest.contraction
        sides = [
            f"{extent} {name}"
            for dim, (name, extent) in enumerate(zip(contraction.dims, tile.extents, strict=True))
            if not contraction.is_reduction(dim)
        ]
        count = registers(self.nest, self.target, tile.extents)
        kind = "scalar" if tile.vector is None else f"{self.target.lanes}-lane"
        self._say(f"C tile of {' x '.join(sides)} -> {count} {kind} registers")
        for depth, dim in enumerate(tile.reduction):
            unrolled = dim == tile.reduction[-1] and tile.unroll > 1
            note = f"  # {tile.unroll} at a time" if unrolled else ""
            self._say(f"for {contraction.dims[dim]} from 0 to {tile.extents[dim]}:{note}", depth)
        self._say("C tile += A * B", len(tile.reduction))
        self._say("C tile -> memory")
