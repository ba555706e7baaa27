"""Type declarations and annotations."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.builtins import TYPES
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.scope import Scope
from gymcc.envs.ocaml.frontend.syntax import TypeDefinition, TypeExpression, TypeVariable
from gymcc.envs.ocaml.frontend.types import (
    ARROW,
    GENERIC,
    TUPLE,
    Constructed,
    Constructor,
    Named,
    RecordField,
    Type,
    Variable,
    substitute,
)
from gymcc.envs.ocaml.ir import Position


class Uniques:
    """Names that are unique in the whole program, for printing it without its modules and shadowing."""

    def __init__(self) -> None:
        self._taken = {*TYPES, "contents", "None", "Some"}

    def take(self, name: str) -> str:
        """The name, with a number behind it if it is taken."""
        unique, count = name, 1
        while unique in self._taken:
            count += 1
            unique = f"{name}_{count}"
        self._taken.add(unique)
        return unique


def declare(definitions: tuple[TypeDefinition, ...], scope: Scope, uniques: Uniques) -> list[Named]:
    """Make the types, their constructors and fields known; returns those that are no aliases."""
    found = []
    for each in definitions:
        named = Named(each.name, "" if each.alias else uniques.take(each.name))
        named.parameters = tuple(Variable(GENERIC) for _ in each.parameters)
        if len(set(each.parameters)) != len(each.parameters):
            raise OcamlError("a type's parameters have different names", each.at)
        found.append(named)
    for each, named in zip(definitions, found, strict=True):
        if each.alias is None:
            scope.types[each.name] = named
    for each, named in zip(definitions, found, strict=True):
        _define(each, named, scope, uniques)
    return [named for named in found if named.alias is None]


def _define(each: TypeDefinition, named: Named, scope: Scope, uniques: Uniques) -> None:
    parameters: dict[str, Type] = dict(zip(each.parameters, named.parameters, strict=True))
    if each.alias:  # later aliases may use it, earlier ones not: no cycles
        named.alias = convert(each.alias, scope, parameters, None)
        scope.types[each.name] = named
    for index, constructor in enumerate(each.constructors):
        types = tuple(convert(arg, scope, parameters, None) for arg in constructor.args)
        made = Constructor(constructor.name, uniques.take(constructor.name), named, types, index)
        if any(other.name == made.name for other in named.constructors):
            raise OcamlError(f"the constructor {made.name} stands twice in its type", constructor.at)
        named.constructors.append(made)
        scope.constructors[constructor.name] = made
    for index, field in enumerate(each.fields):
        type_ = convert(field.type, scope, parameters, None)
        if any(other.name == field.name for other in named.fields):
            raise OcamlError(f"the field {field.name} stands twice in its type", field.at)
        named.fields.append(RecordField(field.name, uniques.take(field.name), named, type_, field.mutable, index))
        scope.fields[field.name] = named.fields[-1]


def convert(expression: TypeExpression, scope: Scope, seen: dict[str, Type], level: int | None) -> Type:
    """The type written there; unknown variables become fresh ones of ``level``, or an error where that is None."""
    if isinstance(expression, TypeVariable):
        return _variable(expression, seen, level)
    args = tuple([convert(arg, scope, seen, level) for arg in expression.args])
    if expression.name in ("->", "*"):
        return Constructed(ARROW if expression.name == "->" else TUPLE, args)
    named = scope.type(expression.name)
    if named is None:
        raise OcamlError(f"the type {expression.name} is not defined", expression.at)
    _check_parameters(named, len(args), expression.at)
    if named.alias is not None:
        return substitute(named.alias, dict(zip(named.parameters, args, strict=True)))
    return Constructed(named, args)


def _variable(expression: TypeVariable, seen: dict[str, Type], level: int | None) -> Type:
    if expression.name in seen and expression.name != "_":
        return seen[expression.name]
    if level is None:
        raise OcamlError(f"the type variable {expression.name} is no parameter of the type", expression.at)
    return seen.setdefault(expression.name, Variable(level)) if expression.name != "_" else Variable(level)


def _check_parameters(named: Named, count: int, at: Position) -> None:
    if len(named.parameters) != count:
        raise OcamlError(f"the type {named.name} has {len(named.parameters)} parameters, found {count}", at)
