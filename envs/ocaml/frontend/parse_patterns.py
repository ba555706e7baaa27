"""Patterns."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import TokenKind, is_operator
from gymcc.envs.ocaml.frontend.literals import literal, starts_literal
from gymcc.envs.ocaml.frontend.parse_types import parse_type
from gymcc.envs.ocaml.frontend.syntax import (
    AliasPattern,
    AnyPattern,
    ConstructPattern,
    LiteralPattern,
    OrPattern,
    Pattern,
    RecordPattern,
    TuplePattern,
    TypedPattern,
    VariablePattern,
)
from gymcc.envs.ocaml.ir import Position, Scalar


def parse_pattern(cursor: Cursor) -> Pattern:
    """A whole pattern: ``p | q as x``."""
    with cursor.nested():
        pattern = _tuple(cursor)
        while cursor.accept("|"):
            pattern = OrPattern(pattern.at, pattern, _tuple(cursor))
        while cursor.accept("as"):
            name = cursor.expect_kind(TokenKind.LOWER, "a variable after 'as'").text
            pattern = AliasPattern(pattern.at, pattern, name)
        return pattern


def _tuple(cursor: Cursor) -> Pattern:
    items = [_cons(cursor)]
    while cursor.accept(","):
        items.append(_cons(cursor))
    return items[0] if len(items) == 1 else TuplePattern(items[0].at, tuple(items))


def _cons(cursor: Cursor) -> Pattern:
    head = _applied(cursor)
    if not cursor.accept("::"):
        return head
    with cursor.nested():
        return _cons_pattern(head, _cons(cursor))


def _cons_pattern(head: Pattern, tail: Pattern) -> Pattern:
    return ConstructPattern(head.at, "::", TuplePattern(head.at, (head, tail)))


def _applied(cursor: Cursor) -> Pattern:
    if cursor.token.kind is not TokenKind.UPPER:
        return parse_simple_pattern(cursor)
    at, name = cursor.at, constructor_path(cursor)
    arg = parse_simple_pattern(cursor) if starts_pattern(cursor) or cursor.sees("-") else None
    return ConstructPattern(at, name, arg)


def starts_pattern(cursor: Cursor) -> bool:
    """Whether a simple pattern can begin with the next token."""
    named = cursor.token.kind in (TokenKind.LOWER, TokenKind.UPPER)
    return named or starts_literal(cursor) or cursor.sees("(", "[", "{")


def parse_simple_pattern(cursor: Cursor) -> Pattern:
    """A pattern that needs no brackets around it."""
    at = cursor.at
    if starts_literal(cursor) or cursor.sees("-"):
        found = literal(cursor)
        if isinstance(found.value, float):
            raise cursor.error("no float: patterns test ints, chars, bools, strings and constructors")
        return LiteralPattern(at, found.scalar, found.value)
    if cursor.token.kind is TokenKind.UPPER:
        return ConstructPattern(at, constructor_path(cursor), None)
    if cursor.token.kind is TokenKind.LOWER:
        name = cursor.take().text
        return AnyPattern(at) if name == "_" else VariablePattern(at, name)
    if cursor.sees("("):
        return _bracketed(cursor)
    if cursor.accept("["):
        return _list(cursor, at)
    if cursor.accept("{"):
        return _record(cursor, at)
    raise cursor.error("a pattern: a variable, _, constant, constructor, tuple, list or record")


def _bracketed(cursor: Cursor) -> Pattern:
    at = cursor.take().at
    if cursor.accept(")"):
        return LiteralPattern(at, Scalar.UNIT, 0)
    if (is_operator(cursor.token) or cursor.sees(":=")) and cursor.ahead(1).is_word(")"):
        name = cursor.take().text
        cursor.take()
        return VariablePattern(at, name)
    pattern = parse_pattern(cursor)
    if cursor.accept(":"):
        pattern = TypedPattern(at, pattern, parse_type(cursor))
    cursor.expect(")", "to close the pattern's '('")
    return pattern


def _list(cursor: Cursor, at: Position) -> Pattern:
    items: list[Pattern] = []
    while not cursor.sees("]"):
        items.append(parse_pattern(cursor))
        if not cursor.accept(";"):
            break
    cursor.expect("]", "to close the list")
    pattern: Pattern = ConstructPattern(at, "[]", None)
    for item in reversed(items):
        pattern = _cons_pattern(item, pattern)
    return pattern


def _record(cursor: Cursor, at: Position) -> Pattern:
    fields: list[tuple[str, Pattern]] = []
    while not cursor.sees("}"):
        if cursor.token.text == "_" and fields:
            cursor.take()
            break
        field_at = cursor.at
        name = field_path(cursor)
        plain = VariablePattern(field_at, name.rpartition(".")[2])
        fields.append((name, parse_pattern(cursor) if cursor.accept("=") else plain))
        if not cursor.accept(";"):
            break
    cursor.expect("}", "to close the record")
    return RecordPattern(at, tuple(fields))


def constructor_path(cursor: Cursor) -> str:
    """``M.C``"""
    names = [cursor.expect_kind(TokenKind.UPPER, "a constructor").text]
    while cursor.sees(".") and cursor.ahead(1).kind is TokenKind.UPPER:
        cursor.take()
        names.append(cursor.take().text)
    return ".".join(names)


def field_path(cursor: Cursor) -> str:
    """``M.f``"""
    names = []
    while cursor.token.kind is TokenKind.UPPER:
        names.append(cursor.take().text)
        cursor.expect(".", "after the name of a module")
    names.append(cursor.expect_kind(TokenKind.LOWER, "the name of a field").text)
    return ".".join(names)
