"""Functions: closures, parameters, what they capture, and what is known of them where they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gymcc.envs.ocaml.frontend.builder import Builder
from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.lower_library import Library, signature
from gymcc.envs.ocaml.frontend.numbering import flat
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.syntax import Expression, Fun, LetBinding, Name, Pattern, RecordPattern, VariablePattern
from gymcc.envs.ocaml.frontend.syntax import TypedPattern as Annotated
from gymcc.envs.ocaml.frontend.types import kind
from gymcc.envs.ocaml.ir import Atom, CallKind, Function, Variable
from gymcc.envs.ocaml.primitives import Kind
from gymcc.envs.ocaml.walk import captured

if TYPE_CHECKING:
    from gymcc.envs.ocaml.frontend.lowering import Lowering


@dataclass(frozen=True, slots=True)
class Known:
    """What the source says of the function in a variable."""

    id: int
    arity: int
    group: int


class Functions:
    """Lowers functions. ``known`` are variables that no closure captures; ``current`` is the function around."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._known: dict[int, Known] = {}
        self._open: list[int] = []  # recursive groups being defined here
        self.known: set[int] = set()
        self.current = 0

    def call(self, function: Atom, arguments: int) -> tuple[CallKind, int | None]:
        """What is known of a call: its kind and the function's id."""
        known = self._known.get(function) if isinstance(function, int) else None
        if known is None:
            return CallKind.UNKNOWN, None
        if arguments < known.arity:
            return CallKind.PARTIAL, known.id
        if known.group in self._open:
            return CallKind.SELF, known.id
        return CallKind.OVER if arguments > known.arity else CallKind.DIRECT, known.id

    def define(self, bindings: tuple[LetBinding, ...], recursive: bool, out: Builder) -> None:
        """``let rec f = fun … and g = fun …``"""
        nodes = [_function(binding.value) for binding in bindings]
        values = [self._lowering.typing.binders[_named(binding.pattern)] for binding in bindings]
        ids = [self._lowering.numbering.functions[node] for node in nodes]
        group = min(ids)
        variables = [self._lowering.ids.variable(Kind.BLOCK, value.name) for value in values]
        if recursive:
            self._declare(values, variables, nodes, ids)
            self._open.append(group)
        made = tuple(
            self._lower(node, id_, variable, group) for node, id_, variable in zip(nodes, ids, variables, strict=True)
        )
        if recursive:
            self._open.pop()
        else:
            self._declare(values, variables, nodes, ids)
        self._bind(made, recursive, out)

    def anonymous(self, node: Fun, out: Builder) -> int:
        """A function without a name."""
        variable = self._lowering.ids.variable(Kind.BLOCK, "fun")
        id_ = self._lowering.numbering.functions[node]
        function = self._lower(node, id_, variable, id_)
        self._known[variable.id] = Known(id_, len(function.params), id_)
        self._bind((function,), False, out)
        return variable.id

    def library(self, node: Name, builtin: Builtin, given: tuple[Atom, ...], out: Builder) -> int:
        """A library function as a value, with some arguments given: a function that applies it to the others."""
        lowering = self._lowering
        id_ = lowering.numbering.functions[node]
        variable = lowering.ids.variable(Kind.BLOCK, builtin.name.lstrip("%"))
        type_ = lowering.typing.expressions[node]
        types, result = signature(type_, builtin.arity)
        params = tuple(lowering.ids.variable(kind(type_), "x") for type_ in types[len(given) :])
        block, inner = lowering.ids.block(), Builder(lowering.ids)
        atoms = given + tuple(param.id for param in params)
        body = inner.block(block, Library(builtin, type_, node.at, inner, "result").apply(atoms))
        function = Function(id_, variable, params, body, (), id_, kind(result), node.at)
        self._known[variable.id] = Known(id_, len(params), id_)
        self._bind((function,), False, out)
        return variable.id

    def _declare(self, values: list[Value], variables: list[Variable], nodes: list[Fun], ids: list[int]) -> None:
        for value, variable, node, id_ in zip(values, variables, nodes, ids, strict=True):
            self._lowering.atoms[value] = variable.id
            self._known[variable.id] = Known(id_, len(flat(node)[0]), min(ids))

    def _lower(self, node: Fun, id_: int, variable: Variable, group: int) -> Function:
        lowering = self._lowering
        patterns, body = flat(node)
        around, self.current = self.current, id_
        block, out = lowering.ids.block(), Builder(lowering.ids)
        params = tuple(self._param(pattern) for pattern in patterns)
        for pattern, param in zip(patterns, params, strict=True):
            lowering.destructure(pattern, param.id, out)
        finished = out.block(block, lowering.expression(body, out, "result"))
        self.current = around
        return Function(id_, variable, params, finished, (), group, lowering.kind_of(body), node.at)

    def _param(self, pattern: Pattern) -> Variable:
        _check_immutable(pattern, self._lowering)
        named = pattern
        while isinstance(named, Annotated):
            named = named.pattern
        name = named.name if isinstance(named, VariablePattern) else "p"
        return self._lowering.ids.variable(kind(self._lowering.typing.patterns[pattern]), name)

    def _bind(self, functions: tuple[Function, ...], recursive: bool, out: Builder) -> None:
        free = captured(functions, self.known)
        made = tuple(replace(function, free=free) for function in functions)
        if not free:
            self.known.update(function.variable.id for function in functions)
        out.functions(made, recursive)


def _function(node: Expression) -> Fun:
    node = uncurried(node)
    assert isinstance(node, Fun)
    return node


def _named(pattern: Pattern) -> VariablePattern:
    while isinstance(pattern, Annotated):
        pattern = pattern.pattern
    assert isinstance(pattern, VariablePattern)
    return pattern


def _check_immutable(pattern: Pattern, lowering: Lowering) -> None:
    """OCaml splits a function of several parameters at one that reads mutable fields; we do not."""
    if isinstance(pattern, RecordPattern) and any(field.mutable for field in lowering.typing.records[pattern]):
        raise OcamlError("a parameter's pattern reads no mutable field; read it in the body", pattern.at)
