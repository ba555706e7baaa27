"""Constant folding and identities for value numbers; only what is exact for every input."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from gymcc.envs.jitcse.ir import Node, Op, Type

FLOATING = frozenset({Type.FLOAT, Type.DOUBLE, Type.SIMD})
_BITS = {Type.INT: 32, Type.LONG: 64}
_ZERO_RIGHT = frozenset({Op.ADD, Op.SUB, Op.OR, Op.XOR, Op.LSH, Op.RSH})  # x op 0 = x
_ZERO_LEFT = frozenset({Op.ADD, Op.OR, Op.XOR})  # 0 op x = x
_ONE_RIGHT = frozenset({Op.MUL, Op.DIV})
_ZERO_WINS = frozenset({Op.MUL, Op.AND})
_SAME_ITSELF = frozenset({Op.AND, Op.OR})  # x op x = x
_SAME = dict.fromkeys((Op.SUB, Op.XOR, Op.NE, Op.LT, Op.GT), 0) | dict.fromkeys((Op.EQ, Op.LE, Op.GE), 1)
_MUL = Op.MUL

Folded = tuple[bool, int]  # True: the value is that of the argument numbered so; False: it is that constant


def wrap(value: int, type_: Type) -> int:
    """``value`` as a two's complement INT or LONG."""
    half = 1 << (_BITS[type_] - 1)
    return (value + half) % (2 * half) - half


def fold(tree: Node, values: tuple[int, ...], constants: Mapping[int, int | float]) -> Folded | None:
    """What integer arithmetic or a comparison gives, if constants or identities decide it; else None."""
    known = [constants.get(value) for value in values]
    if tree.type not in _BITS or tree.op not in _EXACT or any(arg.type not in _BITS for arg in tree.args):
        return None
    if None not in known:
        result = _EXACT[tree.op](tree.type, *known)
        return None if result is None else (False, wrap(result, tree.type))
    return _identity(tree.op, values, known) if len(values) == 2 else None


def _identity(op: Op, values: tuple[int, ...], known: list[int | float | None]) -> Folded | None:
    left, right = known
    if (right == 0 and op in _ZERO_RIGHT) or (right == 1 and op in _ONE_RIGHT):
        return True, values[0]
    if (left == 0 and op in _ZERO_LEFT) or (left == 1 and op is _MUL):
        return True, values[1]
    if (left == 0 or right == 0) and op in _ZERO_WINS:
        return False, 0
    if values[0] == values[1]:
        if op in _SAME_ITSELF:
            return True, values[0]
        if op in _SAME:
            return False, _SAME[op]
    return None


def _divide(_: Type, dividend: int, divisor: int) -> int | None:
    """The quotient, rounded towards 0; None where it throws."""
    if divisor == 0:
        return None
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _remainder(type_: Type, dividend: int, divisor: int) -> int | None:
    quotient = _divide(type_, dividend, divisor)
    return None if quotient is None else dividend - quotient * divisor


def _plain(function: Callable[..., int]) -> Callable[..., int]:
    return lambda _, *args: int(function(*args))


_EXACT: dict[Op, Callable[..., int | None]] = {  # results before they wrap
    Op.DIV: _divide,
    Op.MOD: _remainder,
    Op.LSH: lambda type_, value, count: value << count % _BITS[type_],
    Op.RSH: lambda type_, value, count: value >> count % _BITS[type_],
    Op.CAST: _plain(int),
    Op.NEG: _plain(operator.neg),
    Op.NOT: _plain(operator.invert),
    Op.ADD: _plain(operator.add),
    Op.SUB: _plain(operator.sub),
    Op.MUL: _plain(operator.mul),
    Op.AND: _plain(operator.and_),
    Op.OR: _plain(operator.or_),
    Op.XOR: _plain(operator.xor),
    Op.EQ: _plain(operator.eq),
    Op.NE: _plain(operator.ne),
    Op.LT: _plain(operator.lt),
    Op.LE: _plain(operator.le),
    Op.GT: _plain(operator.gt),
    Op.GE: _plain(operator.ge),
}
