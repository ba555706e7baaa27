"""From a loop nest to machine code: the visitor of :func:`walk` that emits x86-64."""

from __future__ import annotations

from collections.abc import Callable

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.allocation import POINTERS
from gymcc.envs.looptune.backends.native.errors import CompileError
from gymcc.envs.looptune.backends.native.limits import check_operands
from gymcc.envs.looptune.backends.native.tilecode import FLOAT, tile_code
from gymcc.envs.looptune.backends.size import MAX_INSTRUCTIONS, tile_instructions
from gymcc.envs.looptune.backends.walk import Target, Tile, walk
from gymcc.envs.looptune.state import Contraction, Nest

ALIGNMENT = 32  # bytes, of tiles


def machine_code(nest: Nest, target: Target) -> bytes:
    """Code of ``void kernel(float *c, const float *a, const float *b)`` (System V calling convention).

    The code is position-independent if placed at a multiple of 64 bytes. Raises CompileError beyond the limits of
    :mod:`limits` and :mod:`gymcc.envs.looptune.backends.size`.
    """
    check_operands(nest.contraction)
    emit = _Emit(nest.contraction, target)
    walk(nest, target, emit)
    return bytes(emit.code + x86.ENCODERS[target.name].leave())


class _Emit:
    """Visitor: three pointers move over the operands; loop counters live on the stack, which nests as loops do."""

    def __init__(self, contraction: Contraction, target: Target) -> None:
        self.strides, self.target = contraction.strides, target
        self.code = bytearray()
        self.instructions = 0

    def loop(self, dim: int, trips: int, step: int, unroll: bool, body: Callable[[], None]) -> None:
        if unroll:
            for _ in range(trips):
                body()
                self.move(dim, step)
        else:
            self.code += x86.push(trips)
            start = len(self.code)
            body()
            self.move(dim, step)
            self.code += x86.DECREMENT_STACK_TOP
            self.code += x86.jump_if_not_zero(start - len(self.code))
            self.code += x86.POP_RAX
        self.move(dim, -trips * step)

    def offset(self, dim: int, elements: int, body: Callable[[], None]) -> None:
        self.move(dim, elements)
        body()
        self.move(dim, -elements)

    def tile(self, tile: Tile) -> None:
        self.instructions += tile_instructions(tile, self.strides[0], self.target)
        if self.instructions > MAX_INSTRUCTIONS:
            raise CompileError(f"the code would have more than {MAX_INSTRUCTIONS} vector instructions: unroll less")
        self.code += x86.nops(-len(self.code) % ALIGNMENT)
        self.code += tile_code(tile, self.strides, self.target)

    def move(self, dim: int, elements: int) -> None:
        for pointer, strides in zip(POINTERS, self.strides, strict=True):
            if strides[dim]:
                self.code += x86.add(pointer, FLOAT * strides[dim] * elements)
