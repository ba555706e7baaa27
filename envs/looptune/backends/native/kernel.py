"""A compiled loop nest that runs on numpy arrays."""

from __future__ import annotations

import ctypes

import numpy as np

from gymcc.envs.looptune.backends.native.arena import ARENA, Block
from gymcc.envs.looptune.backends.native.codegen import machine_code
from gymcc.envs.looptune.backends.native.cpu import require
from gymcc.envs.looptune.backends.native.errors import WrongKernel
from gymcc.envs.looptune.backends.native.operands import GUARD, Array, check_arrays, sample
from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.state import Nest

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Kernel:
    """``kernel(c, a, b)`` computes ``C += A * B`` in place on float32 arrays, in one thread.

    For a matrix multiply the shapes are (m, n), (m, k) and (k, n). Wrong types, shapes, strides or overlap raise
    TypeError or ValueError before anything is read.
    """

    def __init__(self, nest: Nest, target: Target, block: Block) -> None:
        self.nest, self.target, self._block = nest, target, block
        self._function = _SIGNATURE(block.address)

    @property
    def address(self) -> int:
        """Of ``void kernel(float *c, const float *a, const float *b)``; valid as long as this object lives."""
        return self._block.address

    @property
    def code(self) -> bytes:
        """The machine code."""
        return ctypes.string_at(self._block.address, self._block.size)

    def __call__(self, c: Array, a: Array, b: Array) -> None:
        check_arrays(self.nest.contraction, (c, a, b))
        self._function(pointer(c), pointer(a), pointer(b))

    def check(self, seed: int = 0) -> None:
        """Run once on seeded inputs and compare with numpy; tolerance 0 (see Sample). Raises WrongKernel."""
        data = sample(self.nest.contraction, seed)
        c = data.c.copy()
        offset = GUARD * c.itemsize
        self._function(pointer(c) + offset, pointer(data.a) + offset, pointer(data.b) + offset)
        wrong = np.flatnonzero(c != data.expected)
        if wrong.size:
            at = int(wrong[0])
            raise WrongKernel(
                f"{wrong.size} elements of C differ from numpy, first at flat index {at - GUARD}: "
                f"{c[at]} instead of {data.expected[at]} in {self.nest}"
            )

    def __repr__(self) -> str:
        return f"Kernel({self.nest!r}, {self.target.name}, {self._block.size} bytes)"


def pointer(array: Array) -> int:
    """Address of the first element."""
    return int(array.__array_interface__["data"][0])


def compile_nest(nest: Nest, target: Target | None = None) -> Kernel:
    """Compile ``nest`` for ``target`` (default: the best one here).

    Raises UnsupportedCPU, or CompileError if the nest is beyond the limits of the code generator.
    """
    target = target or require()
    return Kernel(nest, target, ARENA.place(machine_code(nest, target)))
