"""The one reading of a schedule that every back end shares: a recursive walk that ends in register tiles.

The walk descends the nest. As soon as the part of C that the remaining loops touch fits the vector registers, the
whole remaining block becomes one :class:`Tile`: C is loaded once, kept in registers over the block's entire reduction,
and stored once. Above that level every loop is a loop; ``extent % step`` becomes a statically generated tail, so all
sizes are constants. Loops of a single iteration vanish.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Protocol

from gymcc.envs.looptune.state import Loop, Nest

STRIP = 8  # vectors that a long vector loop hands to one tile
BODY_FMAS = 48  # vector FMAs in the body of a tile's reduction loop, unless `unroll` says otherwise


@dataclass(frozen=True, slots=True)
class Target:
    """What the walk must know of a machine: float32 lanes of a vector, and registers left for C."""

    name: str  # "avx512" or "avx2"
    lanes: int
    accumulators: int


AVX512 = Target("avx512", lanes=16, accumulators=28)
AVX2 = Target("avx2", lanes=8, accumulators=12)
TARGETS = {target.name: target for target in (AVX512, AVX2)}


@dataclass(frozen=True, slots=True)
class Tile:
    """A block whose C part lives in registers: straight-line code inside loops over the reduction dimensions."""

    extents: tuple[int, ...]  # (dims,) elements of each dimension in the block
    vector: int | None  # the dimension laid over lanes; None: scalar code
    reduction: tuple[int, ...]  # reduction dimensions, outermost first
    unroll: int  # iterations of the innermost reduction dimension per loop body, >= 1


class Visitor(Protocol):
    """What a back end does at each node. Pointers start at the origin; each call leaves them where it found them."""

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        """Run ``body`` ``trips`` (>= 2) times, each ``step`` elements of ``dim`` further on; ``unroll``: as copies."""

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        """Run ``body`` once, ``elements`` of ``dim`` further on (a tail)."""

    def tile(self, tile: Tile) -> None:
        """Compute one register tile at the current position."""


def vector_loop(nest: Nest) -> int | None:
    """Index of the loop laid over vector lanes, or None for scalar code.

    It is the innermost loop of the vector dimension, if that is the innermost of all loops or annotated `vectorize`.
    """
    dim = nest.contraction.vector_dim
    last = max((i for i, loop in enumerate(nest.loops) if loop.dim == dim), default=None)
    if last is None or not (last == len(nest.loops) - 1 or nest.loops[last].vectorize):
        return None
    return last


def registers(nest: Nest, target: Target, extents: tuple[int, ...]) -> int:
    """Vector registers (of scalars, in scalar code) that the C part of a block of ``extents`` needs."""
    return _Block(nest, target).registers(extents)


def walk(nest: Nest, target: Target, visitor: Visitor) -> None:
    """Drive ``visitor`` through ``nest`` as compiled for ``target``."""
    _Walk(nest, target, visitor).block(0, nest.contraction.extents)


class _Block:
    """How blocks of a nest map to registers."""

    def __init__(self, nest: Nest, target: Target) -> None:
        self.nest, self.target = nest, target
        self.vector_at = vector_loop(nest)
        self.vector = None if self.vector_at is None else nest.loops[self.vector_at].dim
        c = nest.contraction
        self.rows = [d for d in range(len(c.dims)) if not c.is_reduction(d) and d != self.vector]

    def registers(self, extents: tuple[int, ...]) -> int:
        """Vector registers that the C part of a block needs."""
        columns = 1 if self.vector is None else -(-extents[self.vector] // self.target.lanes)
        return columns * prod(extents[d] for d in self.rows)


class _Walk(_Block):
    def __init__(self, nest: Nest, target: Target, visitor: Visitor) -> None:
        super().__init__(nest, target)
        self.visitor = visitor

    def block(self, level: int, extents: tuple[int, ...]) -> None:
        if self.registers(extents) <= self.target.accumulators:
            self.visitor.tile(self.tile(level, extents))
            return
        loop = self.nest.loops[level]
        step = self.strip(extents) if level == self.vector_at else loop.step
        trips, tail = divmod(extents[loop.dim], step)

        def inner(elements: int) -> Callable[[], None]:
            return lambda: self.block(level + 1, _replaced(extents, loop.dim, elements))

        if trips == 1:
            inner(step)()
        elif trips > 1:
            self.visitor.loop(loop.dim, trips, step, loop.unroll, inner(step))
        if tail and trips:
            self.visitor.offset(loop.dim, trips * step, inner(tail))
        elif tail:
            inner(tail)()

    def strip(self, extents: tuple[int, ...]) -> int:
        """Elements of the vector loop per iteration when its block does not fit: a few whole vectors."""
        assert self.vector is not None
        rows = self.registers(_replaced(extents, self.vector, 1))
        return self.target.lanes * max(1, min(STRIP, self.target.accumulators // rows))

    def tile(self, level: int, extents: tuple[int, ...]) -> Tile:
        inside = self.nest.loops[level:]
        c = self.nest.contraction
        reduction = tuple(d for d in _order(inside) if c.is_reduction(d) and extents[d] > 1)
        fmas = self.registers(extents)
        unroll = max(1, BODY_FMAS // fmas)
        if reduction:
            unroll = _unrolled_trips(inside, reduction[-1], extents[reduction[-1]]) or unroll
            unroll = min(unroll, extents[reduction[-1]])
        return Tile(extents, self.vector, reduction, unroll if reduction else 1)


def _order(loops: tuple[Loop, ...]) -> list[int]:
    """Dimensions in the order of their innermost loops."""
    return list(dict.fromkeys(loop.dim for loop in reversed(loops)))[::-1]


def _unrolled_trips(loops: tuple[Loop, ...], dim: int, extent: int) -> int:
    """Elements of ``dim`` covered by its outermost loop marked `unroll`, 0 if none is."""
    for loop in loops:
        if loop.dim == dim:
            if loop.unroll:
                return extent
            extent = min(extent, loop.step)
    return 0


def _replaced(extents: tuple[int, ...], dim: int, value: int) -> tuple[int, ...]:
    return (*extents[:dim], value, *extents[dim + 1 :])
