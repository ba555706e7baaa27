"""Literals."""

from __future__ import annotations

from math import isinf

from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.lexer import Token, TokenKind
from gymcc.envs.ocaml.frontend.syntax import Literal
from gymcc.envs.ocaml.ir import Position, Scalar

MAX_INT = 2**62 - 1
MIN_INT = -(2**62)
_KINDS = (TokenKind.INT, TokenKind.FLOAT, TokenKind.CHAR, TokenKind.STRING)


def starts_literal(cursor: Cursor) -> bool:
    """Whether the next token is a literal without sign, or ``true`` or ``false``."""
    return cursor.token.kind in _KINDS or cursor.sees("true", "false")


def literal(cursor: Cursor) -> Literal:
    """A literal; ``-`` may precede a number. Raises OcamlError for numbers out of range."""
    at = cursor.at
    negative = cursor.sees("-", "-.")
    floats = cursor.sees("-.")
    if negative:
        cursor.take()
        if cursor.token.kind not in (TokenKind.INT, TokenKind.FLOAT):
            raise cursor.error("a number after '-'")
    token = cursor.take()
    if token.kind is TokenKind.FLOAT or floats:
        return Literal(at, Scalar.FLOAT, _float(token, negative))
    if token.kind is TokenKind.INT:
        return Literal(at, Scalar.INT, _int(token, negative, at))
    if token.kind is TokenKind.CHAR:
        return Literal(at, Scalar.CHAR, ord(token.text))
    if token.kind is TokenKind.STRING:
        return Literal(at, Scalar.STRING, token.text)
    return Literal(at, Scalar.BOOL, int(token.text == "true"))


def _float(token: Token, negative: bool) -> float:
    value = float(token.text.replace("_", ""))
    if isinf(value):
        raise OcamlError(f"{token} is no finite double", token.at)
    return -value if negative else value


def _int(token: Token, negative: bool, at: Position) -> int:
    digits = token.text.replace("_", "").lower()
    prefix = digits[:2]
    if prefix not in ("0x", "0o", "0b") and len(digits) > 25:
        raise OcamlError(f"{token} is not in the range of int, {MIN_INT} to {MAX_INT}", at)
    value = int(digits, 0) if prefix in ("0x", "0o", "0b") else int(digits)
    value = -value if negative else value
    if prefix in ("0x", "0o", "0b") and MAX_INT < abs(value) < 2**63:  # OCaml takes these modulo 2**63
        value = (value - MIN_INT) % 2**63 + MIN_INT
    if not MIN_INT <= value <= MAX_INT:
        raise OcamlError(f"{token} is not in the range of int, {MIN_INT} to {MAX_INT}", at)
    return value
