"""Typing of patterns."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.declarations import convert
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.scope import Scope, Value
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
from gymcc.envs.ocaml.frontend.typed import Typing, same
from gymcc.envs.ocaml.frontend.types import (
    BOOL,
    CHAR,
    INT,
    STRING,
    TUPLE,
    UNIT,
    Constructed,
    Constructor,
    Named,
    RecordField,
    Type,
    Variable,
    prune,
    substitute,
)
from gymcc.envs.ocaml.ir import Position, Scalar

TOP = 1  # annotations' variables belong to the definition at the top level, as in OCaml
SCALARS = {Scalar.INT: INT, Scalar.BOOL: BOOL, Scalar.CHAR: CHAR, Scalar.UNIT: UNIT, Scalar.STRING: STRING}


def known(type_: Type) -> Named | None:
    """The name of a type if it is known already."""
    type_ = prune(type_)
    return type_.of if isinstance(type_, Constructed) else None


def instance(named: Named, level: int) -> tuple[Constructed, dict[Variable, Type]]:
    """The named type with fresh arguments, and what its parameters became."""
    by: dict[Variable, Type] = {parameter: Variable(level) for parameter in named.parameters}
    return Constructed(named, tuple(by.values())), by


def find_constructor(name: str, scope: Scope, expected: Type, at: Position) -> Constructor:
    """The constructor meant: of the expected type if that is known and has one of the name, else the last declared."""
    named = known(expected)
    if named is not None and (found := next((c for c in named.constructors if c.name == name), None)):
        return found
    constructor = scope.constructor(name)
    if constructor is None:
        raise OcamlError(f"the constructor {name} is not defined", at)
    return constructor


def find_field(name: str, scope: Scope, record: Type, at: Position) -> RecordField:
    """The field meant: of the record's type if that is known and has one of the name, else the last declared."""
    named = known(record)
    if named is not None and (found := next((f for f in named.fields if f.name == name), None)):
        return found
    field = scope.record_field(name)
    if field is None:
        raise OcamlError(f"the record field {name} is not defined", at)
    return field


class Patterns:
    """Types one pattern; ``bound`` are its variables."""

    def __init__(self, typing: Typing, scope: Scope, level: int, annotations: dict[str, Type]) -> None:
        self._typing, self._scope, self._level, self._annotations = typing, scope, level, annotations
        self.bound: dict[str, Value] = {}
        self._either: dict[str, Value] | None = None  # variables of the left side of an or-pattern

    def expect(self, pattern: Pattern, expected: Type) -> None:
        """Give the pattern the type; raises OcamlError."""
        self._typing.patterns[pattern] = expected
        match pattern:
            case AnyPattern():
                pass
            case VariablePattern():
                self._bind(pattern, pattern.name, expected)
            case AliasPattern():
                self.expect(pattern.pattern, expected)
                self._bind(pattern, pattern.name, expected)
            case LiteralPattern():
                same(SCALARS[pattern.scalar], expected, pattern.at)
            case TuplePattern():
                self._tuple(pattern, expected)
            case ConstructPattern():
                self._construct(pattern, expected)
            case RecordPattern():
                self._record(pattern, expected)
            case OrPattern():
                self._or(pattern, expected)
            case TypedPattern():
                same(convert(pattern.type, self._scope, self._annotations, TOP), expected, pattern.at)
                self.expect(pattern.pattern, expected)

    def _bind(self, node: VariablePattern | AliasPattern, name: str, type_: Type) -> None:
        value = self._either.get(name) if self._either is not None else None
        if self._either is not None and value is None:
            raise OcamlError(f"the variable {name} is bound on one side of '|' only", node.at)
        if name in self.bound:
            raise OcamlError(f"the variable {name} is bound twice in the pattern", node.at)
        if value is not None:
            same(type_, value.type, node.at)
        self.bound[name] = value or Value(f"{self._scope.module}{name}", type_)
        self._typing.binders[node] = self.bound[name]

    def _tuple(self, pattern: TuplePattern, expected: Type) -> None:
        types = tuple(Variable(self._level) for _ in pattern.items)
        same(Constructed(TUPLE, types), expected, pattern.at)
        for item, type_ in zip(pattern.items, types, strict=True):
            self.expect(item, type_)

    def _construct(self, pattern: ConstructPattern, expected: Type) -> None:
        constructor = find_constructor(pattern.name, self._scope, expected, pattern.at)
        self._typing.constructors[pattern] = constructor
        type_, by = instance(constructor.of, self._level)
        same(type_, expected, pattern.at)
        for item, arg in zip(self._typing.subpatterns(pattern), constructor.args, strict=True):
            if item is not None:
                self.expect(item, substitute(arg, by))

    def _record(self, pattern: RecordPattern, expected: Type) -> None:
        if not pattern.fields:
            raise OcamlError("a record pattern names at least one field", pattern.at)
        fields = tuple(find_field(name, self._scope, expected, pattern.at) for name, _ in pattern.fields)
        self._typing.records[pattern] = fields
        type_, by = instance(fields[0].of, self._level)
        same(type_, expected, pattern.at)
        for field, (name, item) in zip(fields, pattern.fields, strict=True):
            if field.of is not fields[0].of:
                raise OcamlError(f"the field {name} is of another type than {fields[0].name}", pattern.at)
            self.expect(item, substitute(field.type, by))

    def _or(self, pattern: OrPattern, expected: Type) -> None:
        before, either = self.bound, self._either
        self.bound = {}
        self.expect(pattern.left, expected)
        left, self.bound = self.bound, {}
        self._either = left
        self.expect(pattern.right, expected)
        if missing := sorted(left.keys() - self.bound.keys()):
            raise OcamlError(f"the variable {missing[0]} is bound on one side of '|' only", pattern.at)
        self.bound, self._either = before, either
        for name in left:
            self._rebind(name, left[name], pattern)

    def _rebind(self, name: str, value: Value, pattern: OrPattern) -> None:
        if name in self.bound:
            raise OcamlError(f"the variable {name} is bound twice in the pattern", pattern.at)
        self.bound[name] = value
