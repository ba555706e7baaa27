"""Types and literals of the IR as LLVM writes them."""

from __future__ import annotations

import math
import struct

from gymcc.envs.jitcse.ir import Type

TYPES = {
    Type.OTHER: "ptr",
    Type.INT: "i32",
    Type.LONG: "i64",
    Type.FLOAT: "float",
    Type.DOUBLE: "double",
    Type.STRUCT: "<2 x i64>",  # moved as a whole through a vector register, as RyuJIT copies structs
    Type.SIMD: "<4 x float>",
    Type.VOID: "void",
}
HANDLES = 0x7F00_0000_0000  # handles are addresses far away: they take a 64-bit immediate


def literal(type_: Type, payload: int | float) -> str:
    """A constant of ``type_`` as an operand; vectors have none (see :func:`vector`)."""
    if type_ in (Type.FLOAT, Type.DOUBLE):
        return hexadecimal(type_, float(payload))
    if type_ is Type.OTHER:
        return f"inttoptr (i64 {int(payload)} to ptr)" if payload else "null"
    return str(int(payload))


def handle(type_: Type, payload: int) -> str:
    """An address known to the linker only, as an operand."""
    return literal(type_, HANDLES + payload)


def vector(payload: float) -> str:
    """The initialiser of a global that holds a SIMD constant."""
    return "<" + ", ".join([f"float {hexadecimal(Type.FLOAT, payload)}"] * 4) + ">"


def hexadecimal(type_: Type, value: float) -> str:
    """LLVM writes both floats and doubles by the bits of a double; a float must be exact in it."""
    if type_ is Type.FLOAT:
        try:
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            value = math.copysign(math.inf, value)
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
