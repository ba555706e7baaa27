"""Type expressions."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import TokenKind
from gymcc.envs.ocaml.frontend.syntax import TypeExpression, TypeName, TypeVariable


def parse_type(cursor: Cursor) -> TypeExpression:
    """A type, arrows included."""
    with cursor.nested():
        left = parse_product(cursor)
        if not cursor.accept("->"):
            return left
        return TypeName(left.at, "->", (left, parse_type(cursor)))


def parse_product(cursor: Cursor) -> TypeExpression:
    """A type without arrows: ``t * u``."""
    items = parse_factors(cursor)
    return items[0] if len(items) == 1 else TypeName(items[0].at, "*", items)


def parse_factors(cursor: Cursor) -> tuple[TypeExpression, ...]:
    """The factors of ``t * u``; one alone is a type by itself."""
    items = [_postfix(cursor)]
    while cursor.accept("*"):
        items.append(_postfix(cursor))
    return tuple(items)


def _postfix(cursor: Cursor) -> TypeExpression:
    at = cursor.at
    args = _atoms(cursor)
    while cursor.token.kind in (TokenKind.LOWER, TokenKind.UPPER):
        args = (TypeName(at, type_path(cursor), args),)
    if len(args) != 1:
        raise cursor.error("a type's name after its arguments")
    return args[0]


def _atoms(cursor: Cursor) -> tuple[TypeExpression, ...]:
    at = cursor.at
    if cursor.token.kind is TokenKind.VARIABLE:
        return (TypeVariable(at, cursor.take().text),)
    if cursor.token.kind is TokenKind.LOWER and cursor.token.text == "_":
        cursor.take()
        return (TypeVariable(at, "_"),)
    if cursor.token.kind in (TokenKind.LOWER, TokenKind.UPPER):
        return (TypeName(at, type_path(cursor), ()),)
    if not cursor.accept("("):
        raise cursor.error("a type")
    items = [parse_type(cursor)]
    while cursor.accept(","):
        items.append(parse_type(cursor))
    cursor.expect(")", "to close the type's '('")
    return tuple(items)


def type_path(cursor: Cursor) -> str:
    """``M.t``"""
    names = []
    while cursor.token.kind is TokenKind.UPPER:
        names.append(cursor.take().text)
        cursor.expect(".", "after the name of a module")
    names.append(cursor.expect_kind(TokenKind.LOWER, "the name of a type").text)
    return ".".join(names)
