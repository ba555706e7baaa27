"""Frozen types of the loop-tuning problem: a contraction, a loop nest over it, and a cursor in the nest.

Everything is derived from ``(dimension, step)`` pairs: trip counts and tails follow from them, so a nest whose tails
disagree with its sizes cannot be written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Contraction:
    """``C[...] += A[...] * B[...]`` over named dimensions (float32, arbitrary strides).

    ``dims`` are listed in the default loop order, outermost first. A stride is the number of *elements* an operand's
    pointer moves when the dimension advances by one; 0 means the operand does not depend on it. A dimension that C
    does not depend on is a reduction.
    """

    kind: str  # "mm"
    dims: tuple[str, ...]  # (dims,) names
    extents: tuple[int, ...]  # (dims,) trip counts, each >= 1
    c_strides: tuple[int, ...]  # (dims,) elements
    a_strides: tuple[int, ...]  # (dims,) elements
    b_strides: tuple[int, ...]  # (dims,) elements

    def __post_init__(self) -> None:
        lengths = {len(self.dims), len(self.extents), len(self.c_strides), len(self.a_strides), len(self.b_strides)}
        if len(lengths) != 1:
            raise ValueError("dims, extents and strides must have one entry per dimension")
        if any(extent < 1 for extent in self.extents):
            raise ValueError(f"extents must be at least 1, got {self.extents}")

    @property
    def strides(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Strides of (C, A, B), each ``(dims,)``."""
        return self.c_strides, self.a_strides, self.b_strides

    @property
    def flops(self) -> int:
        """Floating-point operations: one multiply and one add per point of the iteration space."""
        points = 2
        for extent in self.extents:
            points *= extent
        return points

    def is_reduction(self, dim: int) -> bool:
        """Whether C is the same element for every value of ``dim``."""
        return self.c_strides[dim] == 0

    def sizes(self) -> tuple[int, int, int]:
        """Elements between the first and last touched element, inclusive, of (C, A, B)."""
        c, a, b = (
            1 + sum((extent - 1) * stride for extent, stride in zip(self.extents, strides, strict=True))
            for strides in self.strides
        )
        return c, a, b

    @property
    def vector_dim(self) -> int | None:
        """The dimension that can be laid over vector lanes: unit stride in C, unit or zero in A and B; None if none."""
        for dim, c in enumerate(self.c_strides):
            ab = {self.a_strides[dim], self.b_strides[dim]}
            if c == 1 and ab <= {0, 1} and 1 in ab:
                return dim
        return None


def matmul(m: int, n: int, k: int) -> Contraction:
    """``C[m,n] += A[m,k] * B[k,n]``, all three row-major and dense; default loop order m, k, n."""
    return Contraction("mm", ("m", "k", "n"), (m, k, n), (n, 0, 1), (k, 1, 0), (0, n, 1))


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop: each iteration hands ``step`` elements of dimension ``dim`` to the loops inside it."""

    dim: int  # index into Contraction.dims
    step: int  # elements
    unroll: bool = False
    vectorize: bool = False


@dataclass(frozen=True, slots=True)
class Nest:
    """Loops, outermost first.

    Of the loops over one dimension each one's step is a multiple of the next one's, and the innermost has step 1, so
    every point of the iteration space is visited exactly once. Nests are dictionary keys everywhere, so the hash is
    computed once.
    """

    contraction: Contraction
    loops: tuple[Loop, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for dim, name in enumerate(self.contraction.dims):
            steps = [loop.step for loop in self.loops if loop.dim == dim]
            if not steps or steps[-1] != 1 or any(o % i for o, i in pairwise(steps)):
                raise ValueError(f"steps of {name} must go down to 1, each a multiple of the next; got {steps}")
        object.__setattr__(self, "_hash", hash((self.contraction, self.loops)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Nest], tuple[Contraction, tuple[Loop, ...]]]:
        return Nest, (self.contraction, self.loops)  # string hashes differ between processes

    def blocks(self) -> tuple[int, ...]:
        """Elements of its own dimension that each loop walks over when no outer loop is in its tail, ``(loops,)``."""
        return _blocks(self)

    def trips(self, index: int) -> tuple[int, int]:
        """``(size, tail)`` of a loop: full iterations, and left-over elements of the dimension."""
        return divmod(_blocks(self)[index], self.loops[index].step)


@lru_cache(maxsize=65_536)
def _blocks(nest: Nest) -> tuple[int, ...]:
    block = list(nest.contraction.extents)
    result = []
    for loop in nest.loops:
        result.append(block[loop.dim])
        block[loop.dim] = loop.step
    return tuple(result)


def default_nest(contraction: Contraction) -> Nest:
    """One loop per dimension, in the contraction's default order."""
    return Nest(contraction, tuple(Loop(dim, 1) for dim in range(len(contraction.dims))))


@dataclass(frozen=True, slots=True)
class LoopState:
    """A nest, the cursor that actions work on, and whether the episode was ended by ``stop``."""

    nest: Nest
    cursor: int = 0
    stopped: bool = False
