"""The syntax tree of the supported subset of Lua."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.nitta.frontend.errors import Position


@dataclass(frozen=True, slots=True)
class Literal:
    """A number as it is written, with the minus sign that stands directly before it."""

    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    operator: str
    left: Expression
    right: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)``."""

    name: str
    arguments: tuple[Expression, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Parenthesised:
    """``(inner)``: ``-(3)`` negates a constant, ``-3`` is one."""

    inner: Expression
    at: Position


Expression = Literal | Name | Unary | Binary | Call | Parenthesised


@dataclass(frozen=True, slots=True)
class Assignment:
    """``targets = values``, local or not."""

    targets: tuple[Name, ...]
    values: tuple[Expression, ...]
    at: Position


Statement = Assignment | Call


@dataclass(frozen=True, slots=True)
class Chunk:
    """A whole source: one function and the call that starts it."""

    name: str
    parameters: tuple[Name, ...]
    body: tuple[Statement, ...]
    call: Call
    at: Position
