"""Expressions, by precedence climbing; levels and associativity are those of OCaml's grammar."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend import parse_blocks
from gymcc.envs.ocaml.frontend.cursor import Cursor
from gymcc.envs.ocaml.frontend.lexer import Token, TokenKind, is_operator
from gymcc.envs.ocaml.frontend.literals import MIN_INT, literal
from gymcc.envs.ocaml.frontend.parse_simple import parse_simple, start_of, starts_simple
from gymcc.envs.ocaml.frontend.syntax import (
    Apply,
    AssignField,
    Both,
    Construct,
    Expression,
    GetField,
    Literal,
    Name,
    Tuple,
)
from gymcc.envs.ocaml.ir import Scalar

ASSIGN, COMMA, OR, AND, COMPARE, CONCAT, CONS, SUM, PRODUCT, POWER, UNARY = range(1, 12)
_BY_FIRST = {"=": COMPARE, "<": COMPARE, ">": COMPARE, "|": COMPARE, "&": COMPARE, "$": COMPARE, "@": CONCAT}
_BY_FIRST |= {"^": CONCAT, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT}
_BY_TEXT = {":=": ASSIGN, ",": COMMA, "||": OR, "&&": AND, "!=": COMPARE, "::": CONS}
_BY_TEXT |= dict.fromkeys(("mod", "land", "lor", "lxor"), PRODUCT) | dict.fromkeys(("lsl", "lsr", "asr"), POWER)
_RIGHT = {ASSIGN, OR, AND, CONCAT, CONS, POWER}


def parse_expression(cursor: Cursor) -> Expression:
    """An expression without ``;``."""
    return _binary(cursor, ASSIGN)


def _level(token: Token) -> int:
    """How tight the infix operator binds; 0 if the token is none."""
    if token.kind not in (TokenKind.SYMBOL, TokenKind.KEYWORD):
        return 0
    if token.text in _BY_TEXT:
        return _BY_TEXT[token.text]
    if not is_operator(token):
        return 0
    return POWER if token.text.startswith("**") else _BY_FIRST.get(token.text[0], 0)


def _binary(cursor: Cursor, lowest: int) -> Expression:
    with cursor.nested():
        left = _operand(cursor)
        while (level := _level(cursor.token)) >= lowest:
            if level == COMMA:
                left = _tuple(cursor, left)
            else:
                operator = cursor.take()
                left = _infix(operator, left, _binary(cursor, level if level in _RIGHT else level + 1))
        return left


def _tuple(cursor: Cursor, first: Expression) -> Expression:
    items = [first]
    while cursor.accept(","):
        items.append(_binary(cursor, COMMA + 1))
    return Tuple(start_of(first), tuple(items))


def _infix(operator: Token, left: Expression, right: Expression) -> Expression:
    start = start_of(left)
    if operator.text in ("&&", "||"):
        return Both(start, operator.text, left, right)
    if operator.text == "::":
        return Construct(start, "::", Tuple(start, (left, right)))
    return Apply(operator.at, start, Name(operator.at, operator.text), (left, right))


def _operand(cursor: Cursor) -> Expression:
    if cursor.sees("-", "-.", "+", "+."):
        return _signed(cursor)
    if cursor.sees(*parse_blocks.BLOCKS):
        return parse_blocks.BLOCKS[cursor.token.text](cursor)
    return _application(cursor)


def _signed(cursor: Cursor) -> Expression:
    if cursor.sees("-", "-.") and cursor.ahead(1).kind in (TokenKind.INT, TokenKind.FLOAT):
        return literal(cursor)
    sign = cursor.take()
    with cursor.nested():
        operand = _operand(cursor)
    if isinstance(operand, Literal) and (folded := _folded(sign, operand)):
        return folded
    return Apply(sign.at, sign.at, Name(sign.at, f"~{sign.text}"), (operand,))


def _folded(sign: Token, number: Literal) -> Literal | None:
    """A number in brackets with a sign, which OCaml's parser makes a constant of."""
    fits = number.scalar is Scalar.FLOAT or (number.scalar is Scalar.INT and len(sign.text) == 1)
    if not fits or number.value == MIN_INT:
        return None
    assert isinstance(number.value, int | float)
    return Literal(sign.at, number.scalar, -number.value if sign.text.startswith("-") else number.value)


def _application(cursor: Cursor) -> Expression:
    start = cursor.at
    head = parse_simple(cursor)
    if cursor.sees("<-"):
        return _assignment(cursor, head)
    args: list[Expression] = []
    while starts_simple(cursor):
        args.append(parse_simple(cursor))
    if not args:
        return head
    if isinstance(head, Construct) and head.arg is None:
        if len(args) > 1:
            raise cursor.error(f"one argument of {head.name}; several are written as a tuple")
        return Construct(head.at, head.name, args[0])
    if isinstance(head, Construct | Literal):
        raise cursor.error("an operator; a constant is no function")
    return Apply(start_of(head), start, head, tuple(args))


def _assignment(cursor: Cursor, target: Expression) -> Expression:
    if isinstance(target, GetField):
        cursor.take()
        return AssignField(target.at, target.of, target.field, parse_expression(cursor))
    if isinstance(target, Apply) and isinstance(target.function, Name) and target.function.name == "%array.get":
        cursor.take()
        name = Name(target.function.at, "%array.set")
        return Apply(target.at, target.start, name, (*target.args, parse_expression(cursor)))
    raise cursor.error("a record's field or array element before '<-'")
