"""Typing of expressions and files: Hindley and Milner, checking against the expected type as OCaml does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gymcc.envs.ocaml.frontend.declarations import Uniques, convert, declare
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.expansive import expansive, uncurried
from gymcc.envs.ocaml.frontend.infer_patterns import SCALARS, TOP, Patterns, find_constructor, find_field, instance
from gymcc.envs.ocaml.frontend.scope import Scope, Value
from gymcc.envs.ocaml.frontend.syntax import (
    Apply,
    ArrayOf,
    AssignField,
    Both,
    Construct,
    Expression,
    ForDo,
    Fun,
    GetField,
    If,
    Item,
    LetBinding,
    LetIn,
    LetItem,
    ListOf,
    Literal,
    MatchWith,
    ModuleItem,
    Name,
    Pattern,
    RecordOf,
    Sequence,
    Tuple,
    Typed,
    TypedPattern,
    TypeItem,
    VariablePattern,
    WhileDo,
)
from gymcc.envs.ocaml.frontend.typed import Typing, same
from gymcc.envs.ocaml.frontend.types import (
    ARRAY,
    ARROW,
    BOOL,
    FLOAT,
    GENERIC,
    INT,
    LIST,
    TUPLE,
    UNIT,
    Constructed,
    RecordField,
    Type,
    Variable,
    arrow,
    generalize,
    instantiate,
    prune,
    show,
    substitute,
    variables,
)
from gymcc.envs.ocaml.ir import Position, Scalar


def infer(items: tuple[Item, ...]) -> Typing:
    """Type a file; raises OcamlError."""
    inference = Inference()
    scope = Scope()
    inference.items(items, scope)
    inference.check_closed()
    return inference.typing


class Inference:
    """Types one program. ``level`` counts the definitions around the place that is being typed."""

    def __init__(self) -> None:
        self.typing = Typing()
        self._level = 0
        self._uniques = Uniques()
        self._annotations: dict[str, Type] = {}
        self._top: list[tuple[Value, Position]] = []

    # Items

    def items(self, items: tuple[Item, ...], scope: Scope) -> None:
        """Type definitions in order and make their names known in ``scope``."""
        for item in items:
            self._annotations = {}
            match item:
                case TypeItem():
                    self.typing.declared += declare(item.definitions, scope, self._uniques)
                case ModuleItem():
                    inner = scope.inside(item.name)
                    self.items(item.items, inner)
                    scope.export(item.name, inner)
                case LetItem():
                    bound = self._bindings(item.recursive, item.bindings, scope)
                    scope.values |= bound
                    self._top += [(value, item.at) for value in bound.values()]

    def check_closed(self) -> None:
        """Raise OcamlError for a definition of the top level whose type is not known at the end."""
        for value, at in self._top:
            if any(variable.level != GENERIC for variable in variables(value.type)):
                message = f"the type of {value.name}, {show(value.type)}, is not known at the end of the file"
                raise OcamlError(message, at)

    # Definitions

    def _bindings(self, recursive: bool, bindings: tuple[LetBinding, ...], scope: Scope) -> dict[str, Value]:
        self._level += 1
        patterns = Patterns(self.typing, scope, self._level, self._annotations)
        types: list[Type] = [Variable(self._level) for _ in bindings]
        for binding, type_ in zip(bindings, types, strict=True):
            patterns.expect(binding.pattern, type_)
        inner = scope.inside() if recursive else scope
        if recursive:
            inner.values |= patterns.bound
            for binding in bindings:
                _check_recursive(binding)
        for binding, type_ in zip(bindings, types, strict=True):
            self.expect(binding.value, type_, inner)
        self._level -= 1
        for binding, type_ in zip(bindings, types, strict=True):
            self._generalize(binding, type_)
        return patterns.bound

    def _generalize(self, binding: LetBinding, type_: Type) -> None:
        if not expansive(binding.value, self.typing):
            generalize(type_, self._level)
            return
        for variable in variables(type_):
            variable.level = min(variable.level, self._level)

    def _binder(self, pattern: Pattern, type_: Type, scope: Scope) -> Scope:
        patterns = Patterns(self.typing, scope, self._level, self._annotations)
        patterns.expect(pattern, type_)
        inner = scope.inside()
        inner.values |= patterns.bound
        return inner

    # Expressions

    def expect(self, node: Expression, expected: Type, scope: Scope) -> None:
        """Give the expression the type; raises OcamlError."""
        self.typing.expressions[node] = expected
        handler: Callable[[Any, Type, Scope], None] = getattr(self, f"_{type(node).__name__.lower()}")
        handler(node, expected, scope)

    def _synthesize(self, node: Expression, scope: Scope) -> Type:
        type_ = Variable(self._level)
        self.expect(node, type_, scope)
        return type_

    def _literal(self, node: Literal, expected: Type, scope: Scope) -> None:
        same(FLOAT if node.scalar is Scalar.FLOAT else SCALARS[node.scalar], expected, node.at)

    def _name(self, node: Name, expected: Type, scope: Scope) -> None:
        value = scope.value(node.name)
        if value is None:
            hint = "; define it, or use one of the subset's library" if "." in node.name else ""
            raise OcamlError(f"the value {node.name} is not defined{hint}", node.at)
        self.typing.names[node] = value
        same(instantiate(value.type, self._level), expected, node.at)

    def _apply(self, node: Apply, expected: Type, scope: Scope) -> None:
        type_ = self._synthesize(node.function, scope)
        for arg in node.args:
            parameter, result = self._arrow(type_, node)
            self.expect(arg, parameter, scope)
            type_ = result
        same(type_, expected, node.start)

    def _arrow(self, type_: Type, node: Apply) -> tuple[Type, Type]:
        type_ = prune(type_)
        if isinstance(type_, Constructed) and type_.of is not ARROW:
            raise OcamlError(f"this is applied to too many arguments, or is no function: {show(type_)}", node.at)
        parameter, result = Variable(self._level), Variable(self._level)
        same(type_, arrow((parameter,), result), node.at)
        type_ = prune(type_)
        assert isinstance(type_, Constructed)
        return type_.args[0], type_.args[1]

    def _fun(self, node: Fun, expected: Type, scope: Scope) -> None:
        for param in node.params:
            parameter, result = Variable(self._level), Variable(self._level)
            same(arrow((parameter,), result), expected, node.at)
            scope, expected = self._binder(param, parameter, scope), result
        self.expect(node.body, expected, scope)

    def _if(self, node: If, expected: Type, scope: Scope) -> None:
        self.expect(node.condition, BOOL, scope)
        if node.otherwise is None:
            same(UNIT, expected, node.at)
        self.expect(node.then, expected, scope)
        if node.otherwise is not None:
            self.expect(node.otherwise, expected, scope)

    def _both(self, node: Both, expected: Type, scope: Scope) -> None:
        same(BOOL, expected, node.at)
        self.expect(node.left, BOOL, scope)
        self.expect(node.right, BOOL, scope)

    def _matchwith(self, node: MatchWith, expected: Type, scope: Scope) -> None:
        of = self._synthesize(node.of, scope)
        for case in node.cases:
            inner = self._binder(case.pattern, of, scope)
            if case.guard is not None:
                self.expect(case.guard, BOOL, inner)
            self.expect(case.body, expected, inner)

    def _tuple(self, node: Tuple, expected: Type, scope: Scope) -> None:
        types = tuple(Variable(self._level) for _ in node.items)
        same(Constructed(TUPLE, types), expected, node.at)
        for item, type_ in zip(node.items, types, strict=True):
            self.expect(item, type_, scope)

    def _construct(self, node: Construct, expected: Type, scope: Scope) -> None:
        constructor = find_constructor(node.name, scope, expected, node.at)
        self.typing.constructors[node] = constructor
        type_, by = instance(constructor.of, self._level)
        same(type_, expected, node.at)
        for item, arg in zip(self.typing.arguments(node), constructor.args, strict=True):
            self.expect(item, substitute(arg, by), scope)

    def _listof(self, node: ListOf, expected: Type, scope: Scope) -> None:
        self._elements(node, LIST, expected, scope)

    def _arrayof(self, node: ArrayOf, expected: Type, scope: Scope) -> None:
        self._elements(node, ARRAY, expected, scope)

    def _elements(self, node: ListOf | ArrayOf, of: Any, expected: Type, scope: Scope) -> None:
        element = Variable(self._level)
        same(Constructed(of, (element,)), expected, node.at)
        for item in node.items:
            self.expect(item, element, scope)

    def _recordof(self, node: RecordOf, expected: Type, scope: Scope) -> None:
        if not node.fields:
            raise OcamlError("a record has at least one field", node.at)
        if node.base is not None:
            self._update(node, node.base, expected, scope)
            return
        fields = tuple(find_field(name, scope, expected, node.at) for name, _ in node.fields)
        self.typing.records[node] = fields
        _check_fields(node, fields)
        type_, by = instance(fields[0].of, self._level)
        same(type_, expected, node.at)
        self._values(node, fields, by, scope)

    def _values(self, node: RecordOf, fields: tuple[RecordField, ...], by: dict[Variable, Type], scope: Scope) -> None:
        for field, (_, value) in zip(fields, node.fields, strict=True):
            self.expect(value, substitute(field.type, by), scope)

    def _update(self, node: RecordOf, base: Expression, expected: Type, scope: Scope) -> None:
        """``{base with …}``: its type may differ from the base's in what no kept field mentions."""
        of = self._synthesize(base, scope)
        fields = tuple(find_field(name, scope, of, node.at) for name, _ in node.fields)
        self.typing.records[node] = fields
        _check_fields(node, fields)
        type_, by = instance(fields[0].of, self._level)
        old, old_by = instance(fields[0].of, self._level)
        same(of, old, base.at)
        for field in fields[0].of.fields:
            if field not in fields:
                same(substitute(field.type, old_by), substitute(field.type, by), node.at)
        same(type_, expected, node.at)
        self._values(node, fields, by, scope)

    def _getfield(self, node: GetField, expected: Type, scope: Scope) -> None:
        same(self._field(node, scope), expected, node.at)

    def _assignfield(self, node: AssignField, expected: Type, scope: Scope) -> None:
        type_ = self._field(node, scope)
        if not self.typing.fields[node].mutable:
            raise OcamlError(f"the field {node.field} is not mutable", node.at)
        self.expect(node.value, type_, scope)
        same(UNIT, expected, node.at)

    def _field(self, node: GetField | AssignField, scope: Scope) -> Type:
        of = self._synthesize(node.of, scope)
        field = find_field(node.field, scope, of, node.at)
        self.typing.fields[node] = field
        type_, by = instance(field.of, self._level)
        same(of, type_, node.at)
        return substitute(field.type, by)

    def _sequence(self, node: Sequence, expected: Type, scope: Scope) -> None:
        for item in node.items[:-1]:
            self.expect(item, UNIT, scope)
        self.expect(node.items[-1], expected, scope)

    def _letin(self, node: LetIn, expected: Type, scope: Scope) -> None:
        bound = self._bindings(node.recursive, node.bindings, scope)
        inner = scope.inside()
        inner.values |= bound
        self.expect(node.body, expected, inner)

    def _whiledo(self, node: WhileDo, expected: Type, scope: Scope) -> None:
        self.expect(node.condition, BOOL, scope)
        self.expect(node.body, UNIT, scope)
        same(UNIT, expected, node.at)

    def _fordo(self, node: ForDo, expected: Type, scope: Scope) -> None:
        self.expect(node.first, INT, scope)
        self.expect(node.last, INT, scope)
        self.expect(node.body, UNIT, self._binder(node.variable, INT, scope))
        same(UNIT, expected, node.at)

    def _typed(self, node: Typed, expected: Type, scope: Scope) -> None:
        same(convert(node.type, scope, self._annotations, TOP), expected, node.at)
        self.expect(node.expression, expected, scope)


def _check_recursive(binding: LetBinding) -> None:
    named = uncurried(binding.value)
    if not isinstance(named, Fun):
        raise OcamlError("'let rec' defines functions only", binding.value.at)
    pattern = binding.pattern
    while isinstance(pattern, TypedPattern):
        pattern = pattern.pattern
    if not isinstance(pattern, VariablePattern):
        raise OcamlError("'let rec' defines names only", binding.pattern.at)


def _check_fields(node: RecordOf, fields: tuple[RecordField, ...]) -> None:
    for field, (name, _) in zip(fields, node.fields, strict=True):
        if field.of is not fields[0].of:
            raise OcamlError(f"the field {name} is of another type than {fields[0].name}", node.at)
    if len(set(fields)) != len(fields):
        raise OcamlError("a field stands twice in the record", node.at)
    missing = [field.name for field in fields[0].of.fields if field not in fields]
    if missing and node.base is None:
        raise OcamlError(f"the record lacks the field {missing[0]}", node.at)
