"""Constant folding and identities for value numbers; only what is exact for every input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Node, Op, Type

_BITS = {Type.INT: 32, Type.LONG: 64}
_ZERO_RIGHT = (Op.ADD, Op.SUB, Op.OR, Op.XOR, Op.LSH, Op.RSH)  # x op 0 = x
_ZERO_LEFT = (Op.ADD, Op.OR, Op.XOR)  # 0 op x = x


@dataclass(frozen=True, slots=True)
class Folded:
    """The result: the value ``number`` if it is one of the arguments, else the constant ``value``."""

    number: int | None = None
    value: int = 0


def wrap(value: int, type_: Type) -> int:
    """``value`` as a two's complement INT or LONG."""
    half = 1 << (_BITS[type_] - 1)
    return (value + half) % (2 * half) - half


def fold(tree: Node, values: tuple[int, ...], constants: Mapping[int, int | float]) -> Folded | None:
    """What integer arithmetic or comparison gives, if constants or identities decide it; else None."""
    if not values or any(arg.type not in _BITS for arg in tree.args) or tree.type not in _BITS or tree.op is Op.HELPER:
        return None
    known = [constants.get(value) for value in values]
    if all(isinstance(each, int) for each in known):
        result = _evaluate(tree, [int(each) for each in known if each is not None])
        return None if result is None else Folded(value=wrap(result, tree.type))
    return _identity(tree, values, known) if len(values) == 2 else None


def _identity(tree: Node, values: tuple[int, ...], known: list[int | float | None]) -> Folded | None:
    op, (left, right) = tree.op, known
    if (right == 0 and op in _ZERO_RIGHT) or (right == 1 and op in (Op.MUL, Op.DIV)):
        return Folded(values[0])
    if (left == 0 and op in _ZERO_LEFT) or (left == 1 and op is Op.MUL):
        return Folded(values[1])
    if (left == 0 or right == 0) and op in (Op.MUL, Op.AND):
        return Folded(value=0)
    if values[0] == values[1]:
        if op in (Op.AND, Op.OR):
            return Folded(values[0])
        if op in (Op.SUB, Op.XOR, Op.NE, Op.LT, Op.GT):
            return Folded(value=0)
        if op in (Op.EQ, Op.LE, Op.GE):
            return Folded(value=1)
    return None


def _evaluate(tree: Node, args: list[int]) -> int | None:
    """The exact result before wrapping; None where it throws."""
    op = tree.op
    if op in (Op.DIV, Op.MOD):
        return _divide(op, *args)
    if op in (Op.LSH, Op.RSH):
        count = args[1] % _BITS[tree.type]
        return args[0] << count if op is Op.LSH else args[0] >> count
    if op is Op.CAST:
        return args[0]
    if op is Op.NEG:
        return -args[0]
    if op is Op.NOT:
        return ~args[0]
    return _binary(op, *args)


def _divide(op: Op, dividend: int, divisor: int) -> int | None:
    if divisor == 0:
        return None
    quotient = abs(dividend) // abs(divisor) * (1 if (dividend < 0) == (divisor < 0) else -1)
    return quotient if op is Op.DIV else dividend - quotient * divisor


def _binary(op: Op, left: int, right: int) -> int:
    results = {
        Op.ADD: left + right,
        Op.SUB: left - right,
        Op.MUL: left * right,
        Op.AND: left & right,
        Op.OR: left | right,
        Op.XOR: left ^ right,
        Op.EQ: left == right,
        Op.NE: left != right,
        Op.LT: left < right,
        Op.LE: left <= right,
        Op.GT: left > right,
        Op.GE: left >= right,
    }
    return int(results[op])
