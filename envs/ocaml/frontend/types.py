"""Types of Hindley and Milner with levels: a variable above the current level belongs to the definition being typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gymcc.envs.ocaml.primitives import Kind

GENERIC = 1_000_000_000  # the level of variables that each use instantiates


class Mismatch(Exception):
    """Two types that cannot be one; caught where the place is known."""


@dataclass(slots=True, eq=False)
class Variable:
    """A type not yet known; ``link`` once it is."""

    level: int
    link: Type | None = None


@dataclass(slots=True, eq=False)
class Named:
    """What a type's name stands for; variants fill ``constructors`` and records ``fields`` once they are declared.

    ``unique`` is its name in printed programs.
    """

    name: str
    unique: str
    parameters: tuple[Variable, ...] = ()
    alias: Type | None = None
    constructors: list[Constructor] = field(default_factory=list)
    fields: list[RecordField] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Constructed:
    """A named type applied to arguments."""

    of: Named
    args: tuple[Type, ...] = ()


Type: TypeAlias = Variable | Constructed


@dataclass(slots=True, eq=False)
class Constructor:
    """A constructor: its fields' types in terms of its type's parameters."""

    name: str
    unique: str
    of: Named
    args: tuple[Type, ...]
    index: int


@dataclass(slots=True, eq=False)
class RecordField:
    """A record's field: its type in terms of the record type's parameters."""

    name: str
    unique: str
    of: Named
    type: Type
    mutable: bool
    index: int


ARROW, TUPLE, ARRAY, LIST, OPTION, REF = (Named(n, n) for n in ("->", "*", "array", "list", "option", "ref"))
INT, FLOAT, BOOL, CHAR, UNIT, STRING = (
    Constructed(Named(n, n)) for n in ("int", "float", "bool", "char", "unit", "string")
)
_IMMEDIATE = (INT.of, BOOL.of, CHAR.of, UNIT.of)


def prune(type_: Type) -> Type:
    """The type behind links."""
    while isinstance(type_, Variable) and type_.link is not None:
        type_ = type_.link
    return type_


def arrow(parameters: tuple[Type, ...], result: Type) -> Type:
    """The type of functions."""
    for parameter in reversed(parameters):
        result = Constructed(ARROW, (parameter, result))
    return result


def unify(left: Type, right: Type) -> None:
    """Make the two types one; raises Mismatch."""
    left, right = prune(left), prune(right)
    if left is right:
        return
    if isinstance(left, Variable):
        _occurs(left, right)
        left.link = right
    elif isinstance(right, Variable):
        unify(right, left)
    elif left.of is not right.of or len(left.args) != len(right.args):
        raise Mismatch
    else:
        for one, other in zip(left.args, right.args, strict=True):
            unify(one, other)


def _occurs(variable: Variable, type_: Type) -> None:
    """Forbid cyclic types, and lower the levels of what the variable will stand for."""
    todo = [type_]
    while todo:
        found = prune(todo.pop())
        if found is variable:
            raise Mismatch
        if isinstance(found, Variable):
            found.level = min(found.level, variable.level)
        else:
            todo.extend(found.args)


def variables(type_: Type) -> list[Variable]:
    """The unknown parts, in order, each once."""
    found: dict[Variable, None] = {}
    todo = [type_]
    while todo:
        each = prune(todo.pop())
        if isinstance(each, Variable):
            found[each] = None
        else:
            todo.extend(reversed(each.args))
    return list(found)


def generalize(type_: Type, level: int) -> None:
    """Let every use of the type instantiate its variables above ``level``."""
    for variable in variables(type_):
        if variable.level > level:
            variable.level = GENERIC


def substitute(type_: Type, by: Mapping[Variable, Type]) -> Type:
    """The type with variables replaced."""
    type_ = prune(type_)
    if isinstance(type_, Variable):
        return by.get(type_, type_)
    if not type_.args:
        return type_
    return Constructed(type_.of, tuple([substitute(arg, by) for arg in type_.args]))


def instantiate(type_: Type, level: int) -> Type:
    """The type with fresh variables for the generic ones."""
    generic = [variable for variable in variables(type_) if variable.level == GENERIC]
    return substitute(type_, {variable: Variable(level) for variable in generic}) if generic else type_


def kind(type_: Type) -> Kind:
    """How the machine represents values of the type."""
    type_ = prune(type_)
    if isinstance(type_, Variable):
        return Kind.ANY
    if type_.of is FLOAT.of:
        return Kind.FLOAT
    constant = bool(type_.of.constructors) and not any(each.args for each in type_.of.constructors)
    return Kind.INT if constant or type_.of in _IMMEDIATE else Kind.BLOCK


def show(type_: Type, names: dict[Variable, str] | None = None) -> str:
    """The type as OCaml writes it, with the program's unique names."""
    names = {} if names is None else names
    type_ = prune(type_)
    if isinstance(type_, Variable):
        return names.setdefault(type_, f"'{chr(97 + len(names) % 26)}{len(names) // 26 or ''}")
    if type_.of is ARROW:
        left, right = type_.args
        return f"{_bracketed(left, names, (ARROW,))} -> {show(right, names)}"
    if type_.of is TUPLE:
        return " * ".join(_bracketed(arg, names, (ARROW, TUPLE)) for arg in type_.args)
    if not type_.args:
        return type_.of.unique
    if len(type_.args) == 1:
        return f"{_bracketed(type_.args[0], names, (ARROW, TUPLE))} {type_.of.unique}"
    return f"({', '.join(show(arg, names) for arg in type_.args)}) {type_.of.unique}"


def _bracketed(type_: Type, names: dict[Variable, str], inside: tuple[Named, ...]) -> str:
    text, type_ = show(type_, names), prune(type_)
    return f"({text})" if isinstance(type_, Constructed) and type_.of in inside else text
