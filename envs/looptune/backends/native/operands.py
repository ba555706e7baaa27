"""Arrays as a contraction declares them: shapes, buffers, checks, and the answer a kernel must give."""

from __future__ import annotations

from functools import lru_cache
from math import isqrt, prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from gymcc.envs.looptune.state import Contraction

Array = NDArray[np.float32]
NAMES = ("C", "A", "B")
GUARD = 64  # elements on either side of an operand in a check


@lru_cache(maxsize=1024)
def shapes(contraction: Contraction) -> tuple[tuple[int, ...] | None, ...]:
    """Shape of each of (C, A, B): its dimensions by falling stride; None if it is not a dense row-major array."""
    return tuple(_dense_shape(contraction.extents, strides) for strides in contraction.strides)


def _dense_shape(extents: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...] | None:
    own = sorted(((s, n) for s, n in zip(strides, extents, strict=True) if s), reverse=True)
    shape = tuple(n for _, n in own)
    dense = all(s == prod(shape[i + 1 :]) for i, (s, n) in enumerate(own) if n > 1)
    return shape if dense else None


def check_arrays(contraction: Contraction, arrays: tuple[Any, Any, Any]) -> None:
    """Raise TypeError or ValueError unless a kernel can run on ``arrays`` = (C, A, B) without leaving their bounds.

    Each is a C-contiguous float32 array of the shape that the contraction declares; an operand that is no dense array
    (say, the image of a convolution) may have any shape with enough elements. C is writable and overlaps nothing.
    """
    for name, array, shape, size in zip(NAMES, arrays, shapes(contraction), contraction.sizes(), strict=True):
        if not isinstance(array, np.ndarray) or array.dtype != np.float32:
            kind = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"{name} must be a float32 numpy array, got {kind}")
        if shape is not None and array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
        if array.size < size:
            raise ValueError(f"{name} must have at least {size} elements, got {array.size}")
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} must be C-contiguous, got strides {array.strides}")
    c, a, b = arrays
    if not c.flags.writeable:
        raise ValueError("C must be writeable")
    if np.may_share_memory(c, a) or np.may_share_memory(c, b):
        raise ValueError("C must not overlap A or B")


def view(contraction: Contraction, operand: int, flat: NDArray[Any], dims: list[int]) -> NDArray[Any]:
    """The elements of one operand (0 C, 1 A, 2 B) in a flat buffer, with one axis for each of ``dims``."""
    strides = [contraction.strides[operand][d] * flat.itemsize for d in dims]
    return as_strided(flat, [contraction.extents[d] for d in dims], strides)


def update(contraction: Contraction, c: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """``C += A * B`` on flat buffers, computed by numpy in float64; a new buffer."""
    result = c.astype(np.float64)
    dims = range(len(contraction.dims))
    of_c = [d for d in dims if contraction.c_strides[d]]
    of_a = [d for d in dims if contraction.a_strides[d] or not contraction.b_strides[d]]
    of_b = [d for d in dims if contraction.b_strides[d]]
    factors = [view(contraction, 1, a.astype(np.float64), of_a), view(contraction, 2, b.astype(np.float64), of_b)]
    view(contraction, 0, result, of_c)[...] += np.einsum(factors[0], of_a, factors[1], of_b, of_c, optimize=True)
    return result


class Sample:
    """Seeded inputs of a contraction with the exact result, for checking kernels.

    The inputs are non-zero integers so small that every partial sum is below 2**24: float32 arithmetic is exact in any
    order, so the tolerance is zero. A and B are surrounded by NaN and C by a sentinel, to catch stray accesses.
    """

    def __init__(self, contraction: Contraction, seed: int) -> None:
        rng = np.random.default_rng(seed)
        steps = prod(n for d, n in enumerate(contraction.extents) if contraction.is_reduction(d))
        largest = max(1, min(8, isqrt(2**24 // (steps + 1))))
        sizes = contraction.sizes()
        c, a, b = (_integers(rng, size, largest) for size in sizes)
        self.c, self.a, self.b = _guarded(c, -1e9), _guarded(a, np.nan), _guarded(b, np.nan)
        self.expected = _guarded(update(contraction, c, a, b).astype(np.float32), -1e9)


def _integers(rng: np.random.Generator, size: int, largest: int) -> Array:
    drawn = rng.integers(-largest, largest, size, np.int8)  # one value short above, which the step over 0 makes up
    drawn += drawn >= 0
    return drawn.astype(np.float32)


def _guarded(values: Array, guard: float) -> Array:
    border = np.full(GUARD, guard, np.float32)
    return np.concatenate((border, values, border))


@lru_cache(maxsize=32)
def sample(contraction: Contraction, seed: int) -> Sample:
    """The check inputs of ``contraction`` (cached)."""
    return Sample(contraction, seed)
