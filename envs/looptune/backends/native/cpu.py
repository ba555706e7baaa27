"""Which vector instruction set this CPU and operating system offer, asked with CPUID and XGETBV."""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache

from gymcc.envs.looptune.backends.native.arena import ARENA
from gymcc.envs.looptune.backends.native.errors import UnsupportedCPU
from gymcc.envs.looptune.backends.walk import AVX2, AVX512, TARGETS, Target

# void cpuid(uint32 leaf, uint32 subleaf, uint32 out[4]) and uint32 xgetbv(), System V calling convention.
_CPUID = bytes.fromhex("53 49 89 d0 89 f8 89 f1 0f a2 41 89 00 41 89 58 04 41 89 48 08 41 89 50 0c 5b c3")
_XGETBV = bytes.fromhex("31 c9 0f 01 d0 c3")

_FMA, _OSXSAVE, _AVX = 1 << 12, 1 << 27, 1 << 28  # leaf 1, ecx
_AVX2_BIT, _AVX512F = 1 << 5, 1 << 16  # leaf 7, ebx
_YMM_STATE, _ZMM_STATE = 0x06, 0xE6  # XCR0: registers that the operating system saves


def detect() -> Target | None:
    """The best target of this machine, or None. ``GYMCC_ISA`` = avx512, avx2 or none overrides the choice.

    Raises UnsupportedCPU if the forced instruction set is missing, ValueError if the variable holds anything else.
    """
    forced = os.environ.get("GYMCC_ISA", "")
    if forced == "none":
        return None
    if not forced:
        return next(iter(supported()), None)
    if forced not in TARGETS:
        raise ValueError(f"GYMCC_ISA={forced!r}: allowed are {', '.join(TARGETS)} and none")
    if TARGETS[forced] not in supported():
        raise UnsupportedCPU(f"GYMCC_ISA={forced}: this CPU or operating system lacks it; use backend='model'")
    return TARGETS[forced]


def require() -> Target:
    """As :func:`detect`, but raises UnsupportedCPU where it returns None."""
    target = detect()
    if target is None:
        raise UnsupportedCPU(
            "the native back end needs an x86-64 CPU with AVX-512F or AVX2 and FMA under a POSIX system "
            "(and GYMCC_ISA not set to none); use backend='model' instead"
        )
    return target


@cache
def supported() -> tuple[Target, ...]:
    """Targets that can run here, best first."""
    if os.name != "posix" or platform.machine().lower() not in ("x86_64", "amd64"):
        return ()
    _, _, features, _ = _cpuid(1)
    if not all(features & bit for bit in (_OSXSAVE, _AVX, _FMA)) or _cpuid(0)[0] < 7:
        return ()
    _, extended, _, _ = _cpuid(7)
    state = _xcr0()
    found = []
    if extended & _AVX512F and state & _ZMM_STATE == _ZMM_STATE:
        found.append(AVX512)
    if extended & _AVX2_BIT and state & _YMM_STATE == _YMM_STATE:
        found.append(AVX2)
    return tuple(found)


def _cpuid(leaf: int) -> tuple[int, int, int, int]:
    block = ARENA.place(_CPUID)
    out = (ctypes.c_uint32 * 4)()
    function = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)(block.address)
    function(leaf, 0, ctypes.addressof(out))
    return out[0], out[1], out[2], out[3]


def _xcr0() -> int:
    block = ARENA.place(_XGETBV)
    return int(ctypes.CFUNCTYPE(ctypes.c_uint32)(block.address)())
