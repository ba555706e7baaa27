"""Parses expressions with the precedence of Lua."""

from __future__ import annotations

from gymcc.envs.nitta.frontend.cursor import Cursor
from gymcc.envs.nitta.frontend.lexer import Token, TokenKind
from gymcc.envs.nitta.frontend.literals import check_literal
from gymcc.envs.nitta.frontend.syntax import Binary, Call, Expression, Literal, Name, Parenthesised, Unary

_PRECEDENCE = {
    operator: level
    for level, operators in enumerate(("or", "and", "< > <= >= ==", "<< >>", "+ -", "* /"), start=1)
    for operator in operators.split()
}
_UNARY = len(_PRECEDENCE)  # above all binary operators


def parse_expression(cursor: Cursor, above: int = 0) -> Expression:
    """An expression of operators that bind more strongly than ``above``; operators of one level group to the left."""
    left = _operand(cursor)
    while (level := _PRECEDENCE.get(_operator(cursor), 0)) > above:
        cursor.count_operator()
        operator = cursor.take()
        left = Binary(operator.text, left, parse_expression(cursor, level), operator.at)
    return left


def parse_call(cursor: Cursor, name: Token) -> Call:
    """The arguments of a call, from the opening parenthesis on."""
    cursor.count_operator()
    cursor.demand("(", f"after '{name.text}'")
    arguments = () if cursor.sees(")") else cursor.list_of(parse_expression)
    cursor.demand(")", f"after the arguments of {name.text}")
    return Call(name.text, arguments, name.at)


def _operator(cursor: Cursor) -> str:
    return cursor.token.text if cursor.token.kind in (TokenKind.SYMBOL, TokenKind.KEYWORD) else ""


def _operand(cursor: Cursor) -> Expression:
    if not cursor.sees("-", "not"):
        return _primary(cursor)
    sign = cursor.take()
    if sign.text == "-" and cursor.token.kind is TokenKind.NUMBER:
        return Literal("-" + check_literal(cursor.take()), sign.at)
    cursor.count_operator()
    return Unary(sign.text, parse_expression(cursor, _UNARY), sign.at)


def _primary(cursor: Cursor) -> Expression:
    token = cursor.token
    if token.kind is TokenKind.NUMBER:
        return Literal(check_literal(cursor.take()), token.at)
    if token.kind is TokenKind.NAME:
        cursor.take()
        return parse_call(cursor, token) if cursor.sees("(") else Name(token.text, token.at)
    if not cursor.sees("("):
        raise cursor.refuse("a number, a name, a call or a parenthesis")
    cursor.count_operator()
    cursor.take()
    inner = parse_expression(cursor)
    cursor.demand(")", "after the expression in parentheses")
    return Parenthesised(inner, token.at)
