"""Inlining of small functions of the same module or class, as RyuJIT does before it looks for common subexpressions."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gymcc.benchmarks.jitcse_corpus.kinds import Kinds
from gymcc.benchmarks.jitcse_corpus.lowering.core import needs_flow
from gymcc.benchmarks.jitcse_corpus.lowering.expressions import Expressions
from gymcc.benchmarks.jitcse_corpus.lowering.outside import outside_kinds
from gymcc.benchmarks.jitcse_corpus.scope import FUNCTIONS, FunctionNode, body_of, nodes_of
from gymcc.benchmarks.jitcse_corpus.units import Unit, is_property
from gymcc.envs.jitcse.builder import Label
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import NULL, local

MAX_INLINE = 60  # syntax nodes; about the 100 bytes of IL that RyuJIT stops at
MAX_DEPTH = 2  # of inlining into what is inlined
_NEVER = (
    *FUNCTIONS, ast.ClassDef, ast.Yield, ast.YieldFrom, ast.Await, ast.For, ast.While, ast.Try, ast.With, ast.Global,
    ast.Nonlocal, ast.Import, ast.ImportFrom, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr,
    ast.AsyncFor, ast.AsyncWith, ast.TryStar, ast.Match, ast.Starred,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leave:
    """Where a ``return`` of an inlined function leads, and the local for its value, -1 for none."""

    label: Label
    result: int


@dataclass(frozen=True, slots=True)
class Callee:
    """A function to inline with its arguments by parameter."""

    unit: Unit
    arguments: tuple[tuple[str, ast.expr], ...]


class Inlining(Expressions):
    """Calls and properties that are replaced by what they do."""

    depth = 0
    leave: Leave | None = None

    def call(self, node: ast.Call) -> Node:
        """A call as a value; one of a function that only returns an expression is that expression."""
        callee = self._callee(node)
        if callee is not None and (value := _only_value(callee.unit.node)) is not None:
            tree = self._inline_value(callee, value, self.kinds.of(node))
            if tree is not None:
                return tree
        return super().call(node)

    def attribute(self, node: ast.Attribute) -> Node:
        """A field, or the value of a property that only returns an expression."""
        function = self._own_method(node)
        if function is not None and is_property(function) and (value := _only_value(function)) is not None:
            callee = self._bound(self.unit.neighbour(function, True), [node.value], [])
            tree = None if callee is None else self._inline_value(callee, value, self.kinds.of(node))
            if tree is not None:
                return tree
        return super().attribute(node)

    def inlined(self, node: ast.expr) -> Node | None:
        """Lower a call that is all of an expression by the callee's statements; its value, or None if it stays one."""
        callee = self._callee(node) if isinstance(node, ast.Call) else None
        if callee is None or _only_value(callee.unit.node) is not None:
            return None
        inner = self._enter(callee)
        if inner is None:
            return None
        kind, body = inner.kinds.of_result(), body_of(callee.unit.node)
        returns = any(isinstance(each, ast.Return) and each.value for each in nodes_of(callee.unit.node))
        result = self.builder.new_local(kind) if returns else -1
        inner.leave = Leave(Label(), result)
        inner.body(body)
        self.builder.place(inner.leave.label)
        return local(result, kind) if returns else NULL

    def _inline_value(self, callee: Callee, value: ast.expr, kind: Type) -> Node | None:
        inner = self._enter(callee)
        return None if inner is None else self.converted(inner.value(value), kind)

    # Who is called with what

    def _own_method(self, node: ast.Attribute) -> FunctionNode | None:
        receiver = self.scope.parameters[:1]
        own = isinstance(node.value, ast.Name) and receiver == (node.value.id,)
        return self.unit.methods.get(node.attr) if own else None

    def _callee(self, node: ast.Call) -> Callee | None:
        function: FunctionNode | None = None
        given: list[ast.expr] = []
        if isinstance(node.func, ast.Attribute):
            function = self._own_method(node.func)
            given = [node.func.value]
            if function is not None and is_property(function):
                return None
        elif isinstance(node.func, ast.Name) and node.func.id not in self.scope.locals:
            function = self.unit.functions.get(node.func.id)
        if function is None or not _is_small(function) or self.depth >= MAX_DEPTH or function is self.unit.node:
            return None
        unit = self.unit.neighbour(function, isinstance(node.func, ast.Attribute))
        return self._bound(unit, [*given, *node.args], node.keywords)

    def _bound(self, unit: Unit, given: list[ast.expr], keywords: list[ast.keyword]) -> Callee | None:
        """The callee with an argument for each parameter; None where that takes more than names and constants."""
        args = unit.node.args
        parameters = [each.arg for each in (*args.posonlyargs, *args.args)]
        bound: dict[str, ast.expr] = dict(zip(parameters[::-1], args.defaults[::-1], strict=False))
        passed = dict(zip(parameters, given, strict=False))
        passed |= {each.arg: each.value for each in keywords if each.arg is not None}
        bound |= passed
        starred = args.vararg or args.kwarg or args.kwonlyargs or any(each.arg is None for each in keywords)
        fits = len(given) <= len(parameters) and set(bound) == set(parameters)
        plain = all(name in passed or isinstance(value, ast.Constant) for name, value in bound.items())
        if starred or not fits or not plain or any(isinstance(each, ast.Starred) for each in given):
            return None
        return Callee(unit, tuple((name, bound[name]) for name in parameters))

    def _enter(self, callee: Callee) -> Inlining | None:
        """The callee's own lowering, its arguments evaluated; None where types would not agree."""
        expressions = [value for _, value in callee.arguments]
        if any(needs_flow(each) for each in expressions):
            return None
        before = {name: self.kinds.of(value) for name, value in callee.arguments}
        kinds = Kinds(callee.unit.node, {**outside_kinds(callee.unit), **before})
        if any(kinds.of_variable(name) is not kind for name, kind in before.items()):
            return None
        values = self.operands(*expressions)
        nodes = nodes_of(callee.unit.node)
        written = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        given: dict[str, Node] = {}
        inner = type(self)(self.builder, kinds, callee.unit, self.symbols, given)
        inner.depth, inner.throws = self.depth + 1, self.throws
        for (name, _), value in zip(callee.arguments, values, strict=True):
            value = self.converted(value, before[name])
            if name in written or value.op not in (Op.LOCAL, Op.CONST, Op.HANDLE):
                inner.store_name(name, value)
            else:
                given[name] = value
        return inner


def _is_small(function: FunctionNode) -> bool:
    if isinstance(function, ast.Lambda):
        return False
    nodes = [each for statement in function.body for each in ast.walk(statement)]
    return len(nodes) <= MAX_INLINE and not any(isinstance(each, _NEVER) for each in nodes)


def _only_value(function: FunctionNode) -> ast.expr | None:
    """The expression that a function returns and does nothing else, if it needs no control flow."""
    body = [] if isinstance(function, ast.Lambda) else [each for each in function.body if not _is_documentation(each)]
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    return value if value is not None and _is_small(function) and not needs_flow(value) else None


def _is_documentation(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
