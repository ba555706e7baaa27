"""Declarations of a program's types for the printer."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.types import Constructor, Named, Type, Variable, show
from gymcc.envs.ocaml.ir import TypeDeclaration


def declarations(declared: list[Named]) -> tuple[TypeDeclaration, ...]:
    """Right sides in OCaml, in terms of unique names."""
    return tuple(_declaration(named) for named in declared)


def _declaration(named: Named) -> TypeDeclaration:
    names: dict[Variable, str] = {}
    parameters = tuple(show(parameter, names) for parameter in named.parameters)
    if named.fields:
        fields = ((("mutable " if f.mutable else "") + f"{f.unique} : {show(f.type, names)}") for f in named.fields)
        return TypeDeclaration(named.unique, parameters, f"{{ {'; '.join(fields)} }}")
    constructors = (_constructor(each, names) for each in named.constructors)
    return TypeDeclaration(named.unique, parameters, " | ".join(constructors))


def _constructor(constructor: Constructor, names: dict[Variable, str]) -> str:
    if not constructor.args:
        return constructor.unique
    return f"{constructor.unique} of {' * '.join(_factor(arg, names) for arg in constructor.args)}"


def _factor(type_: Type, names: dict[Variable, str]) -> str:
    text = show(type_, names)
    return f"({text})" if " * " in text or "->" in text else text
