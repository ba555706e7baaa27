"""What typing finds out of a program, by node of its syntax."""

from __future__ import annotations

from dataclasses import dataclass, field

from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.syntax import (
    AliasPattern,
    AnyPattern,
    AssignField,
    Construct,
    ConstructPattern,
    Expression,
    GetField,
    Name,
    Pattern,
    RecordOf,
    RecordPattern,
    Tuple,
    TuplePattern,
    VariablePattern,
)
from gymcc.envs.ocaml.frontend.types import Constructor, Mismatch, Named, RecordField, Type, Variable, show, unify
from gymcc.envs.ocaml.ir import Position


@dataclass(slots=True, eq=False)
class Typing:
    """Tables by node. ``records``: the fields named there, in the source's order. ``declared``: types in order."""

    expressions: dict[Expression, Type] = field(default_factory=dict)
    patterns: dict[Pattern, Type] = field(default_factory=dict)
    names: dict[Name, Value | Builtin] = field(default_factory=dict)
    binders: dict[VariablePattern | AliasPattern, Value] = field(default_factory=dict)
    constructors: dict[Construct | ConstructPattern, Constructor] = field(default_factory=dict)
    records: dict[RecordOf | RecordPattern, tuple[RecordField, ...]] = field(default_factory=dict)
    fields: dict[GetField | AssignField, RecordField] = field(default_factory=dict)
    declared: list[Named] = field(default_factory=list)

    def arguments(self, node: Construct) -> tuple[Expression, ...]:
        """What a constructor is applied to, one expression per field; checks their number."""
        constructor = self.constructors[node]
        several = len(constructor.args) > 1 and isinstance(node.arg, Tuple)
        found = node.arg.items if several and isinstance(node.arg, Tuple) else (node.arg,) if node.arg else ()
        _check_arity(constructor, len(found), node.at)
        return found

    def subpatterns(self, node: ConstructPattern) -> tuple[Pattern | None, ...]:
        """Patterns of a constructor's fields, None where ``_`` stands for all; checks their number."""
        constructor = self.constructors[node]
        if len(constructor.args) > 1 and isinstance(node.arg, AnyPattern):
            return (None,) * len(constructor.args)
        several = len(constructor.args) > 1 and isinstance(node.arg, TuplePattern)
        found = node.arg.items if several and isinstance(node.arg, TuplePattern) else (node.arg,) if node.arg else ()
        _check_arity(constructor, len(found), node.at)
        return found


def _check_arity(constructor: Constructor, found: int, at: Position) -> None:
    wanted = len(constructor.args)
    if found != wanted:
        raise OcamlError(f"the constructor {constructor.name} has {wanted} fields, found {found}", at)


def same(found: Type, expected: Type, at: Position) -> None:
    """Unify; raises OcamlError that names both types."""
    try:
        unify(found, expected)
    except Mismatch:
        names: dict[Variable, str] = {}
        message = f"this has type {show(found, names)}, expected type {show(expected, names)}"
        raise OcamlError(message, at) from None
