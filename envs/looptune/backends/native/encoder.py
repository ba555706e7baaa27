"""Encoding of the few x86-64 instructions that the code generator emits.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, §2.3 (VEX) and §2.7 (EVEX).

An instruction with a memory operand ``[base + displacement]`` is encoded in two parts, so that the expensive first one
can be cached: a :data:`Form` that depends on registers only, then :func:`address` for the displacement.
"""

from __future__ import annotations

from functools import cache, lru_cache
from struct import Struct
from typing import Final, Protocol

RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11 = 0, 1, 2, 6, 7, 8, 9, 10, 11

# How a value in memory fills a register.
VECTOR, MASKED, BROADCAST, SCALAR = "vector", "masked", "broadcast", "scalar"


Form = tuple[bytes, int, int]  # (bytes before ModRM, ModRM register bits, bytes per unit of an 8-bit displacement)

# Opcode, opcode map (1: 0F, 2: 0F 38), mandatory prefix (0: none, 1: 66, 2: F3).
_LOAD: Final = {VECTOR: (0x10, 1, 0), MASKED: (0x10, 1, 0), BROADCAST: (0x18, 2, 1), SCALAR: (0x10, 1, 2)}
_STORE: Final = {VECTOR: (0x11, 1, 0), MASKED: (0x11, 1, 0), SCALAR: (0x11, 1, 2)}
_FMA231PS: Final = (0xB8, 2, 1)
_FMA231SS: Final = (0xB9, 2, 1)
_ADDPS: Final = (0x58, 1, 0)
_XORPS: Final = (0x57, 1, 0)
_PXORD: Final = (0xEF, 1, 1)
_VMASKMOVPS_LOAD: Final = (0x2C, 2, 1)
_VMASKMOVPS_STORE: Final = (0x2E, 2, 1)

_DISP8 = Struct("<Bb").pack
_DISP32 = Struct("<Bi").pack
_INT32 = Struct("<i").pack


class Encoder(Protocol):
    """One vector instruction set, with everything that the register allocator must know about it."""

    registers: int  # vector registers that a tile may use when it has no partial vector
    masked_registers: int  # … and when it has one
    operand_registers: range  # those that are never accumulators nor masks
    foldable: frozenset[str]  # ways of filling a register that an FMA can do by itself from memory

    def load(self, kind: str, register: int, base: int) -> Form:
        """Fill ``register`` from memory."""

    def store(self, kind: str, register: int, base: int) -> Form:
        """Write ``register`` to memory."""

    def fma(self, scalar: bool, accumulator: int, x: int, y: int) -> bytes:
        """``accumulator += x * y`` on registers."""

    def fma_memory(self, kind: str, accumulator: int, x: int, base: int) -> Form:
        """``accumulator += x * memory``."""

    def add(self, accumulator: int, x: int) -> bytes:
        """``accumulator += x`` on registers."""

    def clear(self, register: int) -> bytes:
        """``register = 0``."""

    def set_mask(self, lanes: int) -> bytes:
        """Make masked accesses touch the first ``lanes`` lanes only. Overwrites rax."""

    def leave(self) -> bytes:
        """Return to the caller."""


class Evex:
    """AVX-512F on zmm0-31; mask register k1 holds the lanes of a partial vector."""

    registers = masked_registers = 32
    operand_registers = range(28, 32)
    foldable = frozenset((VECTOR, MASKED, BROADCAST, SCALAR))

    @staticmethod
    @cache
    def load(kind: str, register: int, base: int) -> Form:
        mask = 0x81 if kind == MASKED else 0  # lanes outside the mask become zero
        return _evex(_LOAD[kind], register, 0, base, mask), (register & 7) << 3 | base, _disp8_unit(kind)

    @staticmethod
    @cache
    def store(kind: str, register: int, base: int) -> Form:
        mask = 0x01 if kind == MASKED else 0
        return _evex(_STORE[kind], register, 0, base, mask), (register & 7) << 3 | base, _disp8_unit(kind)

    @staticmethod
    @cache
    def fma(scalar: bool, accumulator: int, x: int, y: int) -> bytes:
        opcode = _FMA231SS if scalar else _FMA231PS
        return _evex(opcode, accumulator, x, y, 0) + _registers(accumulator, y)

    @staticmethod
    @cache
    def fma_memory(kind: str, accumulator: int, x: int, base: int) -> Form:
        opcode = _FMA231SS if kind == SCALAR else _FMA231PS
        context = {MASKED: 0x01, BROADCAST: 0x10}.get(kind, 0)
        return _evex(opcode, accumulator, x, base, context), (accumulator & 7) << 3 | base, _disp8_unit(kind)

    @staticmethod
    @cache
    def add(accumulator: int, x: int) -> bytes:
        return _evex(_ADDPS, accumulator, accumulator, x, 0) + _registers(accumulator, x)

    @staticmethod
    @cache
    def clear(register: int) -> bytes:
        return _evex(_PXORD, register, register, register, 0) + _registers(register, register)

    @staticmethod
    def set_mask(lanes: int) -> bytes:
        return mov(RAX, (1 << lanes) - 1) + b"\xc5\xf8\x92\xc8"  # kmovw k1, eax

    @staticmethod
    def leave() -> bytes:
        return b"\xc5\xf8\x77\xc3"  # vzeroupper; ret


class Vex:
    """AVX2 and FMA3 on ymm0-15; ymm15 holds the lanes of a partial vector if there is one."""

    registers, masked_registers = 16, 15
    operand_registers = range(12, 15)
    foldable = frozenset((VECTOR, SCALAR))

    @staticmethod
    @cache
    def load(kind: str, register: int, base: int) -> Form:
        opcode, mask = (_VMASKMOVPS_LOAD, 15) if kind == MASKED else (_LOAD[kind], 0)
        return _vex(opcode, register, mask, base), (register & 7) << 3 | base, 1

    @staticmethod
    @cache
    def store(kind: str, register: int, base: int) -> Form:
        opcode, mask = (_VMASKMOVPS_STORE, 15) if kind == MASKED else (_STORE[kind], 0)
        return _vex(opcode, register, mask, base), (register & 7) << 3 | base, 1

    @staticmethod
    @cache
    def fma(scalar: bool, accumulator: int, x: int, y: int) -> bytes:
        opcode = _FMA231SS if scalar else _FMA231PS
        return _vex(opcode, accumulator, x, y) + _registers(accumulator, y)

    @staticmethod
    @cache
    def fma_memory(kind: str, accumulator: int, x: int, base: int) -> Form:
        opcode = _FMA231SS if kind == SCALAR else _FMA231PS
        return _vex(opcode, accumulator, x, base), (accumulator & 7) << 3 | base, 1

    @staticmethod
    @cache
    def add(accumulator: int, x: int) -> bytes:
        return _vex(_ADDPS, accumulator, accumulator, x) + _registers(accumulator, x)

    @staticmethod
    @cache
    def clear(register: int) -> bytes:
        return _vex(_XORPS, register, register, register) + _registers(register, register)

    @staticmethod
    def set_mask(lanes: int) -> bytes:
        lane_bytes = (b"\xff" * lanes).ljust(8, b"\0")
        # mov rax, imm64; vmovq xmm15, rax; vpmovsxbd ymm15, xmm15
        return b"\x48\xb8" + lane_bytes + b"\xc4\x61\xf9\x6e\xf8" + b"\xc4\x42\x7d\x21\xff"

    @staticmethod
    def leave() -> bytes:
        return b"\xc5\xf8\x77\xc3"  # vzeroupper; ret


def _disp8_unit(kind: str) -> int:
    """EVEX scales 8-bit displacements by the size of the memory operand (SDM volume 2, §2.7.5)."""
    return 64 if kind in (VECTOR, MASKED) else 4


def _evex(opcode: tuple[int, int, int], register: int, second: int, rm: int, context: int) -> bytes:
    """EVEX prefix (512 bit, W=0) and opcode; ``context`` holds the bits z, b and aaa of its last byte."""
    code, opcode_map, prefix = opcode
    p0 = (~register & 8) << 4 | (~rm & 16) << 2 | (~rm & 8) << 2 | (~register & 16) | opcode_map
    p1 = (~second & 15) << 3 | 0x04 | prefix
    p2 = 0x40 | (~second & 16) >> 1 | context
    return bytes((0x62, p0, p1, p2, code))


def _vex(opcode: tuple[int, int, int], register: int, second: int, rm: int) -> bytes:
    """Three-byte VEX prefix (256 bit, W=0) and opcode; the length bit is ignored by scalar instructions."""
    code, opcode_map, prefix = opcode
    p0 = (~register & 8) << 4 | 0x40 | (~rm & 8) << 2 | opcode_map
    return bytes((0xC4, p0, (~second & 15) << 3 | 0x04 | prefix, code))


@lru_cache(maxsize=1 << 16)
def address(modrm: int, unit: int, displacement: int) -> bytes:
    """ModRM and displacement of ``[base + displacement]``, shortest encoding; base: none of rsp, rbp, r12, r13."""
    if displacement == 0:
        return bytes((modrm,))
    quotient, remainder = divmod(displacement, unit)
    if remainder == 0 and -128 <= quotient < 128:
        return _DISP8(modrm | 0x40, quotient)
    return _DISP32(modrm | 0x80, displacement)


def _registers(register: int, rm: int) -> bytes:
    """ModRM for two registers."""
    return bytes((0xC0 | (register & 7) << 3 | rm & 7,))


def mov(register: int, value: int) -> bytes:
    """``mov r32, imm32`` (clears the upper half)."""
    return (b"\x41" if register > 7 else b"") + bytes((0xB8 | register & 7,)) + value.to_bytes(4, "little")


def add(register: int, value: int) -> bytes:
    """``add r64, imm``."""
    rex, modrm = 0x48 | register >> 3, 0xC0 | register & 7
    if -128 <= value < 128:
        return bytes((rex, 0x83, modrm, value & 0xFF))
    return bytes((rex, 0x81, modrm)) + _INT32(value)


def decrement(register: int) -> bytes:
    """``dec r32``."""
    return (b"\x41" if register > 7 else b"") + bytes((0xFF, 0xC8 | register & 7))


def push(value: int) -> bytes:
    """``push imm32``."""
    return b"\x68" + _INT32(value)


DECREMENT_STACK_TOP: Final = b"\x48\xff\x0c\x24"  # dec qword [rsp]
POP_RAX: Final = b"\x58"


def jump_if_not_zero(distance: int) -> bytes:
    """``jnz`` to the instruction ``distance`` bytes from the start of this one."""
    if distance - 2 >= -128:
        return bytes((0x75, distance - 2 & 0xFF))
    return b"\x0f\x85" + _INT32(distance - 6)


# Recommended multi-byte no-operations (SDM volume 2, NOP).
_NOPS: Final = (
    b"", b"\x90", b"\x66\x90", b"\x0f\x1f\x00", b"\x0f\x1f\x40\x00", b"\x0f\x1f\x44\x00\x00",
    b"\x66\x0f\x1f\x44\x00\x00", b"\x0f\x1f\x80\x00\x00\x00\x00", b"\x0f\x1f\x84\x00\x00\x00\x00\x00",
    b"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
)  # fmt: skip


def nops(count: int) -> bytes:
    """``count`` bytes that do nothing, in few instructions."""
    return _NOPS[9] * (count // 9) + _NOPS[count % 9]


ENCODERS: Final[dict[str, Encoder]] = {"avx512": Evex(), "avx2": Vex()}
