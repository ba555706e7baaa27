"""Values of each type and the arithmetic on them.

INT, LONG and OTHER are signed whole numbers of 32, 64 and 64 bits; FLOAT and DOUBLE are floats, FLOAT rounded to 24
bits; STRUCT is a pair of 64-bit numbers; SIMD is four FLOATs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from ctypes import c_float
from struct import pack, unpack
from typing import cast

from gymcc.envs.jitcse.interpreter.hashing import MASK, mix
from gymcc.envs.jitcse.ir import Op, Type

Value = int | float | tuple[int, int] | tuple[float, float, float, float]
BITS = {Type.INT: 32, Type.LONG: 64, Type.OTHER: 64}
NAN_BITS = 0x7FF8000000000000


class DivideByZero(ArithmeticError):
    """A division or remainder of whole numbers by 0."""


def wrap(value: int, bits: int) -> int:
    """The signed number that the lowest ``bits`` bits of ``value`` stand for."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def to_single(value: float) -> float:
    """The nearest FLOAT."""
    return c_float(value).value


def bits_of(value: Value) -> int:
    """A whole number that tells values of one type apart; all nans are one."""
    if isinstance(value, int):
        return value & MASK
    if isinstance(value, float):
        return NAN_BITS if math.isnan(value) else cast(int, unpack("<Q", pack("<d", value))[0])
    return mix(*(bits_of(part) for part in value))


def shown(value: Value) -> int | str:
    """The value for a trace: floats in their exact hexadecimal spelling, so that -0.0 is not 0.0 and nan equals nan."""
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value.hex()
    return f"({', '.join(str(shown(part)) for part in value)})"


# Whole numbers, before wrapping


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise DivideByZero
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _shift_left(left: int, right: int, bits: int) -> int:
    return left << (right % bits)


def _shift_right(left: int, right: int, bits: int) -> int:
    return left >> (right % bits)


_WHOLE: dict[Op, Callable[[int, int], int]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: _divide,
    Op.MOD: lambda a, b: a - b * _divide(a, b),
    Op.AND: lambda a, b: a & b,
    Op.OR: lambda a, b: a | b,
    Op.XOR: lambda a, b: a ^ b,
}
_SHIFTS: dict[Op, Callable[[int, int, int], int]] = {Op.LSH: _shift_left, Op.RSH: _shift_right}

# Floats, before rounding to FLOAT


def _divide_float(left: float, right: float) -> float:
    if right != 0 or math.isnan(left):
        return left / right if right != 0 else math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right) if left != 0 else math.nan


def _remainder(left: float, right: float) -> float:
    defined = math.isfinite(left) and right != 0 and not math.isnan(right)
    return math.fmod(left, right) if defined else math.nan


_FLOAT: dict[Op, Callable[[float, float], float]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: _divide_float,
    Op.MOD: _remainder,
}
_COMPARE: dict[Op, Callable[[float, float], bool]] = {
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
}


def binary(op: Op, kind: Type, left: Value, right: Value) -> Value:
    """An arithmetic operation, shift or comparison; raises :class:`DivideByZero`."""
    if compare := _COMPARE.get(op):
        return int(compare(cast(float, left), cast(float, right)))
    if bits := BITS.get(kind):
        a, b = cast(int, left), cast(int, right)
        return wrap(_SHIFTS[op](a, b, bits) if op in _SHIFTS else _WHOLE[op](a, b), bits)
    if kind is Type.SIMD:
        lanes = zip(cast(tuple[float, ...], left), cast(tuple[float, ...], right), strict=True)
        return cast(Value, tuple(to_single(_FLOAT[op](a, b)) for a, b in lanes))
    result = _FLOAT[op](cast(float, left), cast(float, right))
    return to_single(result) if kind is Type.FLOAT else result


def unary(op: Op, kind: Type, value: Value) -> Value:
    """NEG or NOT."""
    if bits := BITS.get(kind):
        whole = cast(int, value)
        return wrap(-whole if op is Op.NEG else ~whole, bits)
    if isinstance(value, tuple):
        return cast(Value, tuple(-part for part in value))
    return -value


def convert(kind: Type, value: Value) -> Value:
    """CAST: wraps, rounds once, or saturates; nan becomes 0."""
    number = cast(float, value)  # or int
    if bits := BITS.get(kind):
        return wrap(number, bits) if isinstance(number, int) else _saturate(number, bits)
    if kind is Type.DOUBLE:
        return float(number)
    return _single_of_whole(number) if isinstance(number, int) else to_single(number)


def _saturate(value: float, bits: int) -> int:
    if math.isnan(value):
        return 0
    limit = 1 << (bits - 1)
    return (
        max(-limit, min(limit - 1, math.trunc(value))) if math.isfinite(value) else limit - 1 if value > 0 else -limit
    )


def _single_of_whole(value: int) -> float:
    """Round a whole number to FLOAT once: rounding to DOUBLE first would sometimes round twice."""
    if abs(value) < 2**53:
        return to_single(float(value))
    sticky = int(value & 0x7FF != 0)  # keeps "a little more than half" apart from "half"
    return to_single(float((value >> 11 | sticky) << 11))
