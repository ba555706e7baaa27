"""What the primitives compute that touch no memory: for the interpreter, and for folding constants.

Values: int for immediates (booleans are truthy or falsy, characters and constant constructors of INT kind compare as
they are), float, and str with one character per byte.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from gymcc.envs.ocaml.interpreter.errors import DivisionByZero, IndexOutOfBounds, InvalidArgument, UnspecifiedShift
from gymcc.envs.ocaml.primitives import Primitive

MAX_INT = 2**62 - 1
MIN_INT = -(2**62)
_WORD = 2**63
_NAN = -math.nan  # x86 gives a NaN with the sign set, and OCaml prints the sign


def wrap(value: int) -> int:
    """The integer modulo 2**63, as OCaml has it."""
    return value if MIN_INT <= value <= MAX_INT else (value - MIN_INT) % _WORD + MIN_INT


def divide(a: int, b: int) -> int:
    """Truncates towards zero; raises DivisionByZero."""
    if b == 0:
        raise DivisionByZero("division by zero")
    quotient = abs(a) // abs(b)
    return wrap(quotient if (a < 0) == (b < 0) else -quotient)


def modulo(a: int, b: int) -> int:
    """The remainder of :func:`divide`, with the sign of ``a``."""
    if b == 0:
        raise DivisionByZero("division by zero")
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


def _shifted(count: int) -> int:
    if not 0 <= count <= 62:
        raise UnspecifiedShift(f"a shift by {count} bits; allowed are 0 to 62")
    return count


def _char_of_int(code: int) -> int:
    if not 0 <= code <= 255:
        raise InvalidArgument(f"Char.chr {code}")
    return code


def float_divide(a: float, b: float) -> float:
    """IEEE division."""
    if b:
        return a / b
    if a == 0 or a != a:
        return _NAN if a == 0 else a + b
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        odd = b % 2 == 1
        return -math.inf if a < 0 and odd else math.inf
    except ValueError:
        if a == 0:  # of a negative exponent
            return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
        return _NAN


def _float_modulo(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        return _NAN


def _guarded(function: Callable[[float], float]) -> Callable[[float], float]:
    def call(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return _NAN
        except OverflowError:
            return math.inf

    return call


def _log(value: float) -> float:
    if value == 0:
        return -math.inf
    return math.log(value) if value > 0 or value != value else _NAN


def _rounded(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: math.copysign(float(function(value)), value) if math.isfinite(value) else value


def int_of_float(value: float) -> int:
    """Truncates; what does not fit in 64 bits gives 0, as on x86."""
    if not -(2.0**63) <= value < 2.0**63:
        return 0
    return wrap(int(value))


def float_compare(a: float, b: float) -> int:
    """Total order: nan equals itself and is less than all others."""
    if a < b:
        return -1
    if a > b:
        return 1
    return 0 if a == b else (b != b) - (a != a)


def show_float(value: float) -> str:
    """As ``string_of_float``: 12 digits, with a point if it would read as an integer."""
    if value != value:
        return "-nan" if math.copysign(1.0, value) < 0 else "nan"
    text = f"{value:.12g}"
    return f"{text}." if text.lstrip("-").isdigit() else text


def _get(text: str, index: int) -> int:
    if not 0 <= index < len(text):
        raise IndexOutOfBounds(f"the string has {len(text)} characters and no index {index}")
    return ord(text[index])


def _sub(text: str, start: int, count: int) -> str:
    if not (start >= 0 and count >= 0 and start + count <= len(text)):
        raise InvalidArgument("String.sub")
    return text[start : start + count]


def _string(count: int, code: int) -> str:
    if not 0 <= count <= 1_000_000:
        raise InvalidArgument(f"String.make {count}; allowed are 0 to 1000000 characters")
    return chr(code) * count


def _sign(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
P = Primitive
_OTHERS: Mapping[Primitive, Callable[..., Any]] = {
    P.INT_ADD: lambda a, b: wrap(a + b),
    P.INT_SUB: lambda a, b: wrap(a - b),
    P.INT_MUL: lambda a, b: wrap(a * b),
    P.INT_DIV: divide,
    P.INT_MOD: modulo,
    P.INT_NEG: lambda a: wrap(-a),
    P.INT_ABS: lambda a: wrap(abs(a)),
    P.INT_AND: lambda a, b: a & b,
    P.INT_OR: lambda a, b: a | b,
    P.INT_XOR: lambda a, b: a ^ b,
    P.INT_NOT: lambda a: ~a,
    P.INT_LSL: lambda a, b: wrap(a << _shifted(b)),
    P.INT_LSR: lambda a, b: wrap((a % _WORD) >> _shifted(b)),
    P.INT_ASR: lambda a, b: a >> _shifted(b),
    P.BOOL_NOT: lambda a: not a,
    P.CHAR_OF_INT: _char_of_int,
    P.INT_OF_CHAR: lambda a: a,
    P.INT_COMPARE: _sign,
    P.FLOAT_ADD: lambda a, b: a + b,
    P.FLOAT_SUB: lambda a, b: a - b,
    P.FLOAT_MUL: lambda a, b: a * b,
    P.FLOAT_DIV: float_divide,
    P.FLOAT_NEG: lambda a: -a,
    P.FLOAT_ABS: abs,
    P.FLOAT_SQRT: _guarded(math.sqrt),
    P.FLOAT_EXP: _guarded(math.exp),
    P.FLOAT_LOG: _log,
    P.FLOAT_SIN: _guarded(math.sin),
    P.FLOAT_COS: _guarded(math.cos),
    P.FLOAT_TAN: _guarded(math.tan),
    P.FLOAT_ATAN: math.atan,
    P.FLOAT_ATAN2: math.atan2,
    P.FLOAT_POW: _power,
    P.FLOAT_FLOOR: _rounded(math.floor),
    P.FLOAT_CEIL: _rounded(math.ceil),
    P.FLOAT_MOD: _float_modulo,
    P.FLOAT_OF_INT: float,
    P.INT_OF_FLOAT: int_of_float,
    P.FLOAT_COMPARE: float_compare,
    P.STRING_COMPARE: _sign,
    P.STRING_LENGTH: len,
    P.STRING_GET: _get,
    P.STRING_CONCAT: lambda a, b: a + b,
    P.STRING_SUB: _sub,
    P.STRING_MAKE: _string,
    P.STRING_OF_INT: str,
    P.STRING_OF_FLOAT: show_float,
    P.STRING_OF_BOOL: lambda a: "true" if a else "false",
}
FOLDS: Mapping[Primitive, Callable[..., Any]] = {
    **_OTHERS,
    **{Primitive(f"{type_}.{name}"): f for type_ in ("int", "float", "string") for name, f in _COMPARISONS.items()},
}
