"""Memory that kernels are measured on: three pools, one per operand, that grow to the largest shape asked for."""

from __future__ import annotations

import mmap
from functools import cache

import numpy as np

from gymcc.envs.looptune.backends.native.operands import Array, shapes
from gymcc.envs.looptune.state import Contraction

HUGE_PAGE = 1 << 21  # bytes
# Start of each operand within its pool, in elements: whole cache lines, but not the same offset in a 4 KiB page, where
# stores to C would seem to the CPU to collide with loads of A and B.
_STARTS = (0, 336, 672)


class Buffers:
    """Pools of C, A and B, filled with seeded values of magnitude 0.5 to 1: no denormals, and sums stay finite."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._pools = [self._pool(1) for _ in range(3)]

    def flat(self, contraction: Contraction) -> tuple[Array, Array, Array]:
        """Flat arrays of C, A and B, 64-byte aligned. They share memory with what earlier calls returned."""
        for i, (size, start) in enumerate(zip(contraction.sizes(), _STARTS, strict=True)):
            if self._pools[i].size < size + start:
                self._pools[i] = self._pool(size + start)
        c, a, b = (
            pool[start : start + size]
            for pool, size, start in zip(self._pools, contraction.sizes(), _STARTS, strict=True)
        )
        return c, a, b

    def arrays(self, contraction: Contraction) -> tuple[Array, Array, Array]:
        """As :meth:`flat`, in the shapes that a kernel of ``contraction`` takes."""
        c, a, b = (
            flat if shape is None else flat.reshape(shape)
            for flat, shape in zip(self.flat(contraction), shapes(contraction), strict=True)
        )
        return c, a, b

    def _pool(self, elements: int) -> Array:
        size = -(-elements * 4 // HUGE_PAGE) * HUGE_PAGE
        memory = mmap.mmap(-1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):  # else which cache sets a page falls into differs from run to run
            memory.madvise(mmap.MADV_HUGEPAGE)
        whole = np.frombuffer(memory, dtype=np.float32)
        start = -whole.__array_interface__["data"][0] % HUGE_PAGE // 4
        pool = whole[start : start + size // 4]
        pool[:] = self._rng.uniform(0.5, 1.0, pool.size) * self._rng.choice((-1.0, 1.0), pool.size)
        return pool


@cache
def buffers() -> Buffers:
    """The buffers of this process."""
    return Buffers()
