"""Parses a source: one function definition and one call of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gymcc.envs.nitta.frontend.cursor import Cursor
from gymcc.envs.nitta.frontend.errors import LuaError
from gymcc.envs.nitta.frontend.expressions import parse_call, parse_expression
from gymcc.envs.nitta.frontend.lexer import Token, TokenKind, tokenize
from gymcc.envs.nitta.frontend.syntax import Assignment, Chunk, Name, Statement

_SHAPE = "a program is one function definition and, after it, one call of that function"


@dataclass(slots=True)
class _Definition:
    name: Token
    parameters: tuple[Name, ...]
    body: list[Statement] = field(default_factory=list)


def parse(source: str) -> Chunk:
    """The syntax tree of a source; raises LuaError."""
    cursor = Cursor(tokenize(source))
    if cursor.sees("local"):
        raise LuaError(f"'local' is not supported here; {_SHAPE}", cursor.token.at)
    cursor.demand("function", f"({_SHAPE})")
    definition = _definition(cursor)
    if cursor.sees("function"):
        raise LuaError(f"this is a second function; {_SHAPE}", cursor.token.at)
    cursor.begin_statement()
    call = parse_call(cursor, cursor.name(f"the call of {definition.name.text} ({_SHAPE})"))
    if call.name != definition.name.text:
        raise LuaError(f"'{call.name}' is called, but the function is '{definition.name.text}'; {_SHAPE}", call.at)
    if cursor.token.kind is not TokenKind.END:
        raise cursor.refuse(f"the end of the source ({_SHAPE})")
    return Chunk(call.name, definition.parameters, tuple(definition.body), call, definition.name.at)


def _definition(cursor: Cursor) -> _Definition:
    name = cursor.name("the name of the function")
    cursor.demand("(", "before the parameters")
    parameters = () if cursor.sees(")") else cursor.list_of(_variable)
    cursor.demand(")", "after the parameters")
    _refuse_twins(parameters)
    definition = _Definition(name, parameters)
    while not cursor.sees("end", "return"):
        cursor.begin_statement()
        definition.body.extend(_statement(cursor))
    if cursor.accept("return"):
        _skip_values(cursor)
    cursor.demand("end", "after the last statement of the function")
    return definition


def _refuse_twins(parameters: tuple[Name, ...]) -> None:
    seen = set()
    for parameter in parameters:
        if parameter.text in seen:
            raise LuaError(f"the parameter '{parameter.text}' is named twice", parameter.at)
        seen.add(parameter.text)


def _variable(cursor: Cursor) -> Name:
    token = cursor.name("the name of a variable")
    return Name(token.text, token.at)


def _statement(cursor: Cursor) -> list[Statement]:
    """One statement; none for those without effect: a declaration without value, a trace."""
    first = cursor.token
    if cursor.accept("local"):
        targets = cursor.list_of(_variable)
        return [_assignment(cursor, targets, first)] if cursor.sees("=") else []
    if first.kind is not TokenKind.NAME:
        raise cursor.refuse("a statement or 'end'")
    name = _variable(cursor)
    if cursor.sees("."):
        return _trace(cursor, first)
    if cursor.sees("("):
        return [parse_call(cursor, first)]
    if cursor.accept(","):
        return [_assignment(cursor, (name, *cursor.list_of(_variable)), first)]
    return [_assignment(cursor, (name,), first)]


def _assignment(cursor: Cursor, targets: tuple[Name, ...], first: Token) -> Assignment:
    cursor.demand("=", f"after '{targets[-1].text}'")
    return Assignment(targets, cursor.list_of(parse_expression), first.at)


def _trace(cursor: Cursor, first: Token) -> list[Statement]:
    """``debug.trace(...)`` prints while NITTA simulates and does not touch the algorithm."""
    cursor.take()
    function = cursor.name("'trace'")
    if (first.text, function.text) != ("debug", "trace"):
        raise LuaError(
            f"'{first.text}.{function.text}' is not supported; the only function of a table is debug.trace", first.at
        )
    cursor.demand("(", "after debug.trace")
    if not cursor.sees(")"):
        cursor.list_of(_traced)
    cursor.demand(")", "after the arguments of debug.trace")
    return []


def _traced(cursor: Cursor) -> None:
    if cursor.token.kind is TokenKind.STRING:
        cursor.take()
    else:
        parse_expression(cursor)


def _skip_values(cursor: Cursor) -> None:
    """What a ``return`` returns: NITTA drops it, even the function's call of itself."""
    cursor.begin_statement()
    if not cursor.sees("end"):
        cursor.list_of(_traced)
