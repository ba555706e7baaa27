"""Numbers as they are written in Lua, and their values."""

from __future__ import annotations

import re
from fractions import Fraction

from gymcc.envs.nitta.frontend.errors import LuaError
from gymcc.envs.nitta.frontend.lexer import Token
from gymcc.envs.nitta.frontend.syntax import Expression, Literal
from gymcc.envs.nitta.numbers import Fixed, NumberType

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,32}|[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
MAX_SHIFT = 1024


def check_literal(token: Token) -> str:
    """The text of a well-formed number; NITTA reads digits on both sides of the point."""
    if not _NUMBER.fullmatch(token.text):
        raise LuaError(f"{token} is not a number of the form 12, 0x1F, 1.5 or 2e3 (at most 40 digits)", token.at)
    return token.text


def literal_value(literal: Literal, number_type: NumberType) -> Fixed:
    """The nearest number of the type, ties to even; LuaError if it lies outside of the type's range."""
    raw = round(_exact(literal.text) * (1 << number_type.fraction_bits))
    fixed = number_type.raw(raw)
    if fixed.raw != raw:
        half = 1 << number_type.integer_bits - 1
        raise LuaError(
            f"{literal.text} does not fit into {number_type}, whose numbers lie from {-half} to below {half}",
            literal.at,
        )
    return fixed


def shift_bits(operator: str, amount: Expression) -> int:
    """By how many bits a shift shifts; only integer literals are allowed."""
    if not isinstance(amount, Literal) or not _INTEGER.fullmatch(amount.text) or _exact(amount.text) > MAX_SHIFT:
        raise LuaError(f"'{operator}' shifts by an integer literal from 0 to {MAX_SHIFT} only", amount.at)
    return int(_exact(amount.text))


def _exact(text: str) -> Fraction:
    digits = text.removeprefix("-")
    value = Fraction(int(digits, 16)) if digits[:2] in ("0x", "0X") else Fraction(digits)
    return -value if text.startswith("-") else value
