"""Primitive operations on constants, as ocamlopt's middle ends fold them: numbers, booleans, characters, lengths."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from gymcc.envs.ocaml.ir import Atom, Constant, Scalar
from gymcc.envs.ocaml.primitives import Primitive

_HALF = 1 << 62  # integers have 63 bits
_EXACT = float(1 << 53)  # doubles below convert to integers and back without loss


def fold(primitive: Primitive, args: tuple[Atom, ...]) -> Constant | None:
    """What the operation computes from constants; None if some are not, or it fails, or nobody folds it."""
    rule = _RULES.get(primitive)
    if rule is None:
        return _length(args[0]) if primitive is Primitive.STRING_LENGTH else None
    values = []
    for arg in args:
        if not isinstance(arg, Constant) or isinstance(arg.value, str) or not isinstance(arg.value, int | float):
            return None
        values.append(arg.value)
    scalar, compute = rule
    value = compute(*values)
    return None if value is None else Constant(scalar, value)


def _length(text: Atom) -> Constant | None:
    if isinstance(text, Constant) and isinstance(text.value, str):
        return Constant(Scalar.INT, len(text.value))
    return None


def divides(primitive: Primitive, args: tuple[Atom, ...]) -> bool:
    """Whether an integer division or shift cannot fail because its second operand is a fit constant."""
    if primitive in (Primitive.INT_DIV, Primitive.INT_MOD):
        return isinstance(args[1], Constant) and args[1].value != 0
    if primitive in (Primitive.INT_LSL, Primitive.INT_LSR, Primitive.INT_ASR):
        return isinstance(args[1], Constant) and isinstance(args[1].value, int) and 0 <= args[1].value <= 62
    return False


def wrap(value: int) -> int:
    """The integer in 63 bits."""
    return (value + _HALF) % (2 * _HALF) - _HALF


def _quotient(a: int, b: int) -> int | None:
    if b == 0:
        return None
    quotient = abs(a) // abs(b)
    return wrap(quotient if (a < 0) == (b < 0) else -quotient)


def _remainder(a: int, b: int) -> int | None:
    if b == 0:
        return None
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def _shift(compute: Callable[[int, int], int]) -> Callable[[int, int], int | None]:
    return lambda a, n: wrap(compute(a, n)) if 0 <= n <= 62 else None


def _truncate(a: float) -> int | None:
    return int(a) if abs(a) < _EXACT else None


def _rules() -> dict[Primitive, tuple[Scalar, Callable[..., Any]]]:
    compare = {"eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le}
    compare |= {"gt": operator.gt, "ge": operator.ge}
    rules: dict[Primitive, tuple[Scalar, Callable[..., Any]]] = {
        Primitive(f"{type_}.{name}"): (Scalar.BOOL, lambda a, b, f=function: int(f(a, b)))
        for name, function in compare.items()
        for type_ in ("int", "float")
    }
    ints: dict[Primitive, Callable[..., Any]] = {
        Primitive.INT_ADD: lambda a, b: wrap(a + b),
        Primitive.INT_SUB: lambda a, b: wrap(a - b),
        Primitive.INT_MUL: lambda a, b: wrap(a * b),
        Primitive.INT_DIV: _quotient,
        Primitive.INT_MOD: _remainder,
        Primitive.INT_NEG: lambda a: wrap(-a),
        Primitive.INT_AND: operator.and_,
        Primitive.INT_OR: operator.or_,
        Primitive.INT_XOR: operator.xor,
        Primitive.INT_NOT: operator.invert,
        Primitive.INT_LSL: _shift(operator.lshift),
        Primitive.INT_LSR: _shift(lambda a, n: a % (2 * _HALF) >> n),
        Primitive.INT_ASR: _shift(operator.rshift),
        Primitive.INT_OF_CHAR: int,
        Primitive.INT_OF_FLOAT: _truncate,
    }
    floats: dict[Primitive, Callable[..., Any]] = {
        Primitive.FLOAT_ADD: operator.add,
        Primitive.FLOAT_SUB: operator.sub,
        Primitive.FLOAT_MUL: operator.mul,
        Primitive.FLOAT_DIV: lambda a, b: a / b if b else None,
        Primitive.FLOAT_NEG: operator.neg,
        Primitive.FLOAT_ABS: abs,
        Primitive.FLOAT_OF_INT: float,
    }
    rules |= {primitive: (Scalar.INT, rule) for primitive, rule in ints.items()}
    rules |= {primitive: (Scalar.FLOAT, rule) for primitive, rule in floats.items()}
    rules[Primitive.BOOL_NOT] = (Scalar.BOOL, lambda a: 1 - a)
    return rules


_RULES = _rules()
