"""Timing in machine code: runs several functions in turn, over and over, and stores how long each turn took.

A turn is 5 to 20 microseconds long: far below a scheduler slice, so that most turns are free of interruptions, and so
close to its neighbours that a change of the core's clock, or of the load on its other hardware thread, meets all.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.looptune.backends.native.arena import ARENA

_STAMP = "0f ae e8 0f 31 48 c1 e2 20 48 09 d0"  # lfence; rdtsc; shl rdx, 32; or rax, rdx
# void sample(uint64 rounds, const turn *first, const turn *end, uint64 *ticks), System V calling convention.
_CODE = bytes.fromhex(
    "53 55 41 54 41 55 41 56 41 57 52"  # push rbx, rbp, r12, r13, r14, r15, rdx (and calls find the stack aligned)
    "49 89 cc 49 89 fd 49 89 f7"  # mov r12, rcx; mov r13, rdi; mov r15, rsi
    + _STAMP
    + "49 89 c6"  # mov r14, rax (time of the last stamp)
    "4c 89 fb"  # round: mov rbx, r15
    "8b 6b 20"  # turn: mov ebp, [rbx+32]
    "48 8b 7b 08 48 8b 73 10 48 8b 53 18 ff 13"  # again: mov rdi, rsi, rdx <- [rbx+8, 16, 24]; call [rbx]
    "ff cd 75 ee"  # dec ebp; jnz again
     + _STAMP + "48 89 c1 4c 29 f0 49 89 04 24 49 89 ce"  # mov rcx, rax; sub rax, r14; mov [r12], rax; mov r14, rcx
    "49 83 c4 08 48 83 c3 28 48 3b 1c 24 75 c4"  # add r12, 8; add rbx, 40; cmp rbx, [rsp]; jnz turn
    "41 ff cd 75 bc"  # dec r13d; jnz round
    "5a 41 5f 41 5e 41 5d 41 5c 5d 5b c3"
)
_NOW = bytes.fromhex(_STAMP + "c3")
_MAX_ROUNDS = 64


class Turn(NamedTuple):
    """``repetitions`` calls of the function at ``address`` on the arrays at ``c``, ``a`` and ``b``."""

    address: int
    c: int
    a: int
    b: int
    repetitions: int


class Sampler:
    """Not thread-safe; the interpreter lock is held while it runs."""

    def __init__(self) -> None:
        self._block, self._now_block = ARENA.place(_CODE), ARENA.place(_NOW)
        # PYFUNCTYPE keeps the lock: getting it back among other threads may take milliseconds.
        self._call = ctypes.PYFUNCTYPE(None, *[ctypes.c_uint64] * 4)(self._block.address)

        self._now = ctypes.PYFUNCTYPE(ctypes.c_uint64)(self._now_block.address)

    def now(self) -> int:
        """The time-stamp counter."""
        return int(self._now())

    def __call__(self, turns: list[Turn], rounds: int) -> NDArray[np.int64]:
        """Ticks of the time-stamp counter, ``(rounds, turns)``; at most 64 rounds."""
        records = np.array(turns, dtype=np.uint64)
        ticks = np.empty((min(rounds, _MAX_ROUNDS), len(turns)), dtype=np.int64)
        first = records.ctypes.data
        self._call(len(ticks), first, first + records.nbytes, ticks.ctypes.data)
        return ticks
