"""Reference loops: how fast the core is at this moment, against which kernels are timed."""

from __future__ import annotations

from gymcc.envs.looptune.backends.native import encoder as x86
from gymcc.envs.looptune.backends.native.tilecode import tile_code
from gymcc.envs.looptune.backends.walk import Target, Tile

_ACCUMULATORS = 12  # covers a latency of 4 cycles on two FMA units, and leaves sources among 16 registers
_COPIES = 4
_FMAS = 24_000  # about 5 microseconds


def fma_loop(target: Target) -> tuple[bytes, int]:
    """Code and floating-point operations of independent FMAs on registers: the core's peak."""
    iterations = _FMAS // (_ACCUMULATORS * _COPIES)
    code = bytearray(b"".join(x86.ENCODERS["avx2"].clear(register) for register in range(16)))
    code += x86.mov(x86.RAX, iterations)
    code += x86.nops(-len(code) % 64)
    start = len(code)
    for accumulator in list(range(_ACCUMULATORS)) * _COPIES:
        code += x86.ENCODERS[target.name].fma(False, accumulator, 14, 15)
    code += x86.decrement(x86.RAX)
    code += x86.jump_if_not_zero(start - len(code))
    return bytes(code + x86.ENCODERS[target.name].leave()), 2 * target.lanes * _ACCUMULATORS * _COPIES * iterations


def evicting_loop(target: Target, size: int) -> bytes:
    """Code that reads A[:size], in bytes, once from end to end; C and B are one vector each."""
    lanes, line = target.lanes, 64 // 4
    tile = Tile((size // 64, lanes), 1, (0,), 16)
    return tile_code(tile, ((0, 1), (line, 1), (0, 1)), target) + x86.ENCODERS[target.name].leave()


def tile_loop(target: Target) -> tuple[bytes, int]:
    """Code and floating-point operations of a good register tile whose operands never leave the L1 cache.

    It reaches the peak on an undisturbed core, but unlike bare FMAs it needs most of the core's instruction slots and
    loads, so that it feels another hardware thread on the same core as much as a good kernel does.
    """
    rows, columns = (8, 2) if target.lanes == 16 else (6, 2)
    steps = _FMAS // (rows * columns)
    tile = Tile((rows, steps, columns * target.lanes), 2, (1,), 3)
    strides = ((columns * target.lanes, 0, 1), (1, 0, 0), (0, 0, 1))
    code = tile_code(tile, strides, target) + x86.ENCODERS[target.name].leave()
    return code, 2 * rows * steps * columns * target.lanes
