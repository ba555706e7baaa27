"""Expressions that need no brackets: names, literals, brackets, accesses."""

from __future__ import annotations

from dataclasses import replace

from gymcc.envs.ocaml.frontend import parse_blocks, parse_expressions
from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import TokenKind, is_operator
from gymcc.envs.ocaml.frontend.literals import literal, starts_literal
from gymcc.envs.ocaml.frontend.parse_patterns import field_path
from gymcc.envs.ocaml.frontend.parse_types import parse_type
from gymcc.envs.ocaml.frontend.syntax import (
    Apply,
    ArrayOf,
    Construct,
    Expression,
    GetField,
    ListOf,
    Literal,
    Name,
    RecordOf,
    Typed,
)
from gymcc.envs.ocaml.ir import Position, Scalar


def start_of(expression: Expression) -> Position:
    """Where the expression begins."""
    return expression.start if isinstance(expression, Apply) else expression.at


def starts_simple(cursor: Cursor) -> bool:
    """Whether a simple expression can begin with the next token."""
    if cursor.token.kind in (TokenKind.LOWER, TokenKind.UPPER) or starts_literal(cursor):
        return True
    return cursor.sees("(", "[", "[|", "{", "begin") or _prefix_operator(cursor)


def _prefix_operator(cursor: Cursor) -> bool:
    text = cursor.token.text
    prefix = text[:1] == "!" or (text[:1] in ("~", "?") and len(text) > 1)
    return cursor.token.kind is TokenKind.SYMBOL and text != "!=" and prefix


def parse_simple(cursor: Cursor) -> Expression:
    """A simple expression with the accesses behind it."""
    with cursor.nested():
        found = _atom(cursor)
        while cursor.sees(".", ".(", ".["):
            found = _access(cursor, found)
        return found


def _access(cursor: Cursor, of: Expression) -> Expression:
    access, start = cursor.take().text, start_of(of)
    if access == ".":
        return GetField(start, of, field_path(cursor))
    index = parse_blocks.parse_sequence(cursor)
    closing, name = (")", "%array.get") if access == ".(" else ("]", "%string.get")
    cursor.expect(closing, f"to close '{access}'")
    return Apply(start, start, Name(start, name), (of, index))


def _atom(cursor: Cursor) -> Expression:
    at = cursor.at
    if starts_literal(cursor):
        return literal(cursor)
    if cursor.token.kind is TokenKind.LOWER:
        return Name(at, cursor.take().text)
    if cursor.token.kind is TokenKind.UPPER:
        return _path(cursor)
    if _prefix_operator(cursor):
        operator = cursor.take().text
        with cursor.nested():
            return Apply(at, at, Name(at, operator), (_atom(cursor),))
    if cursor.sees("(", "begin"):
        return _bracketed(cursor)
    if cursor.sees("[", "[|"):
        return _items(cursor)
    if cursor.accept("{"):
        return _record(cursor, at)
    raise cursor.error("an expression")


def _path(cursor: Cursor) -> Expression:
    at, names = cursor.at, [cursor.take().text]
    while cursor.sees(".") and cursor.ahead(1).kind in (TokenKind.UPPER, TokenKind.LOWER):
        cursor.take()
        names.append(cursor.take().text)
        if names[-1][0].islower() or names[-1][0] == "_":
            return Name(at, ".".join(names))
    return Construct(at, ".".join(names), None)


def _bracketed(cursor: Cursor) -> Expression:
    opening = cursor.take()
    closing = "end" if opening.text == "begin" else ")"
    if cursor.accept(closing):
        return Literal(opening.at, Scalar.UNIT, 0)
    if closing == ")" and cursor.ahead(1).is_word(")") and (name := _operator_name(cursor)):
        cursor.take()
        cursor.take()
        return Name(opening.at, name)
    inside = parse_blocks.parse_sequence(cursor)
    if cursor.accept(":"):
        inside = Typed(opening.at, inside, parse_type(cursor))
    cursor.expect(closing, f"to close '{opening.text}'")
    return replace(inside, start=opening.at) if isinstance(inside, Apply) else inside  # as OCaml's locations


def _operator_name(cursor: Cursor) -> str:
    words = ("mod", "land", "lor", "lxor", "lsl", "lsr", "asr", ":=")
    return cursor.token.text if is_operator(cursor.token) or cursor.sees(*words) else ""


def _items(cursor: Cursor) -> Expression:
    opening = cursor.take()
    closing = "]" if opening.text == "[" else "|]"
    items: list[Expression] = []
    while not cursor.sees(closing):
        items.append(parse_expressions.parse_expression(cursor))
        if not cursor.accept(";"):
            break
    cursor.expect(closing, f"to close '{opening.text}'")
    if closing == "|]":
        return ArrayOf(opening.at, tuple(items))
    return ListOf(opening.at, tuple(items)) if items else Construct(opening.at, "[]", None)


def _record(cursor: Cursor, at: Position) -> Expression:
    base = None
    if not _is_field(cursor):
        base = parse_simple(cursor)
        cursor.expect("with", "after the record that is copied")
    fields: list[tuple[str, Expression]] = []
    while not cursor.sees("}"):
        field_at = cursor.at
        name = field_path(cursor)
        plain = Name(field_at, name.rpartition(".")[2])
        fields.append((name, parse_expressions.parse_expression(cursor) if cursor.accept("=") else plain))
        if not cursor.accept(";"):
            break
    cursor.expect("}", "to close the record")
    return RecordOf(at, tuple(fields), base)


def _is_field(cursor: Cursor) -> bool:
    """Whether a field's name stands here rather than an expression that ``with`` follows."""
    count = 0
    while cursor.ahead(count).kind is TokenKind.UPPER and cursor.ahead(count + 1).is_word("."):
        count += 2
    after = cursor.ahead(count + 1)
    named = cursor.ahead(count).kind is TokenKind.LOWER
    return named and any(after.is_word(word) for word in ("=", ";", "}"))
