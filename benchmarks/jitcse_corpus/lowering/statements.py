"""Statements, and the whole function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import partial

from gymcc.benchmarks.jitcse_corpus.kinds import Kinds
from gymcc.benchmarks.jitcse_corpus.lowering.core import Loop, Unsupported
from gymcc.benchmarks.jitcse_corpus.lowering.inlining import Inlining
from gymcc.benchmarks.jitcse_corpus.lowering.outside import outside_kinds
from gymcc.benchmarks.jitcse_corpus.lowering.symbols import Symbols
from gymcc.benchmarks.jitcse_corpus.scope import body_of, nodes_of
from gymcc.benchmarks.jitcse_corpus.units import Unit
from gymcc.envs.jitcse.builder import Builder, Label
from gymcc.envs.jitcse.ir import Method, Node, Type
from gymcc.envs.jitcse.trees import call, constant, has_effects, store_local

MAX_STATEMENTS = 1000  # beyond which RyuJIT, too, stops optimising (by its own measures)


def lower(name: str, unit: Unit) -> Method:
    """The method of a function; raises :class:`Unsupported`."""
    kinds, body = Kinds(unit.node, outside_kinds(unit)), body_of(unit.node)
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes_of(unit.node))
    returns = any(isinstance(node, ast.Return) and node.value for node in nodes_of(unit.node))
    result = kinds.of_result() if returns and not yields else Type.VOID
    parameters = [kinds.of_variable(parameter) for parameter in unit.scope.parameters]
    if unit.scope.outer:
        parameters.append(Type.OTHER)
    lowering = Statements(Builder(name, tuple(parameters), result), kinds, unit, Symbols(), {})
    lowering.enter()
    lowering.body(body)
    return lowering.builder.finish()


class Statements(Inlining):
    """Lowering of statements."""

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Statements in order, until control cannot get further."""
        for statement in statements:
            if not self.builder.open:
                return
            if self.builder.size > MAX_STATEMENTS:
                raise Unsupported("too large")
            lower_statement = _LOWER.get(type(statement))
            if lower_statement is None:
                raise Unsupported(type(statement).__name__)
            lower_statement(self, statement)

    def expression(self, node: ast.Expr) -> None:
        """An expression for its effects."""
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call):
            if not self.appended(node.value) and self.inlined(node.value) is None:
                self.builder.emit(self.plain_call(node.value, Type.VOID))
            return
        value = self.value(node.value)
        if has_effects(value):
            self.builder.emit(value)

    def assignment(self, node: ast.Assign) -> None:
        """One or more targets; tuples that match are assigned part by part."""
        value, (*more, last) = node.value, node.targets
        if not more and isinstance(last, ast.Tuple | ast.List) and _matches(last, value):
            assert isinstance(value, ast.Tuple | ast.List)
            parts = [self.kept(part) for part in self.operands(*value.elts)]
            for target, part in zip(last.elts, parts, strict=True):
                self.assign(target, part)
            return
        tree = self.whole(value)
        if more:
            tree = self.handy(tree)
        for target in node.targets:
            self.assign(target, tree)

    def whole(self, node: ast.expr) -> Node:
        """The value of an expression that is all of a statement's right side, where a call can be inlined."""
        value = self.inlined(node)
        return self.value(node) if value is None else value

    def annotated(self, node: ast.AnnAssign) -> None:
        """An assignment with a type."""
        if node.value is not None:
            self.assign(node.target, self.whole(node.value))

    def returning(self, node: ast.Return) -> None:
        """A return, after what ``finally`` and ``with`` ask for."""
        kind = self.builder.result if self.leave is None else self.kinds.of_result()
        value = None if node.value is None else self.whole(node.value)
        if value is not None and kind is not Type.VOID:
            value = self.converted(value, kind)
            value = self.kept(value) if self.finals else value
        elif value is not None and has_effects(value):
            self.builder.emit(value)
        self._leave(0)
        if self.leave is None:
            self.builder.returns(value if kind is not Type.VOID else None)
            return
        if self.leave.result >= 0:
            self.builder.emit(store_local(self.leave.result, constant(kind, 0) if value is None else value))
        self.builder.jump(self.leave.label)

    def _leave(self, depth: int) -> None:
        """Run the ``finally`` bodies down to a depth."""
        finals = self.finals
        for index in range(len(finals) - 1, depth - 1, -1):
            self.finals = finals[:index]
            finals[index]()
        self.finals = finals

    def jumping(self, pick: Callable[[Loop], Label]) -> None:
        """``break`` or ``continue``."""
        loop = self.loops[-1]
        self._leave(loop.finals)
        self.builder.jump(pick(loop))

    def conditional(self, node: ast.If) -> None:
        """An ``if`` statement."""
        yes, no, end = Label(), Label(), Label()
        self.condition(node.test, yes, no)
        self.builder.place(yes)
        self.body(node.body)
        self.builder.jump(end)
        self.builder.place(no)
        self.body(node.orelse)
        self.builder.place(end)

    def looping(self, node: ast.For | ast.AsyncFor) -> None:
        """A ``for`` statement."""
        self.for_loop(node.target, node.iter, lambda: self.body(node.body), lambda: self.body(node.orelse))

    def throwing(self, node: ast.Raise) -> None:
        """A throw; its block is rarely run."""
        self.throws = True
        values = self.operands(*(part for part in (node.exc, node.cause) if part is not None))
        self.throws = False
        self.builder.rarely_run()
        self.builder.emit(call(Type.VOID, "Throw", *values))
        self.builder.returns()

    def asserting(self, node: ast.Assert) -> None:
        """A guard that throws."""
        fine, failed = Label(), Label()
        self.condition(node.test, fine, failed)
        self.builder.place(failed)
        self.builder.rarely_run()
        self.throws = True
        self.builder.emit(call(Type.VOID, "Throw", *([] if node.msg is None else [self.value(node.msg)])))
        self.throws = False
        self.builder.returns()
        self.builder.place(fine)

    def trying(self, node: ast.Try | ast.TryStar) -> None:
        """The path without exceptions; handlers are cold and left out."""
        self.finals.append(partial(self.body, node.finalbody))
        self.body(node.body)
        self.body(node.orelse)
        self.finals.pop()
        self.body(node.finalbody)

    def using(self, node: ast.With | ast.AsyncWith) -> None:
        """``using``: enter, body, dispose."""
        managers = []
        for item in node.items:
            manager = self.builder.keep(self.as_kind(item.context_expr, Type.OTHER))
            entered = call(Type.OTHER if item.optional_vars else Type.VOID, "Enter", manager)
            if item.optional_vars is None:
                self.builder.emit(entered)
            else:
                self.assign(item.optional_vars, entered)
            managers.append(manager)
            self.finals.append(partial(self._dispose, manager))
        self.body(node.body)
        for manager in reversed(managers):
            self.finals.pop()
            self._dispose(manager)

    def _dispose(self, manager: Node) -> None:
        self.builder.emit(call(Type.VOID, "Dispose", manager))

    def defining(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """An inner function or class gets its name."""
        made = "NewClass" if isinstance(node, ast.ClassDef) else "NewDelegate"
        shared = [self.shared] if self.shared is not None else []
        self.store_name(node.name, call(Type.OTHER, made, self.handle(node.name), *shared))

    def deleting(self, node: ast.Delete) -> None:
        """``del``."""
        for target in node.targets:
            self.delete(target)


def _matches(target: ast.Tuple | ast.List, value: ast.expr) -> bool:
    starred = any(isinstance(each, ast.Starred) for each in target.elts)
    return (
        isinstance(value, ast.Tuple | ast.List)
        and len(value.elts) == len(target.elts)
        and not (starred or any(isinstance(each, ast.Starred) for each in value.elts))
    )


Lower = Callable[[Statements, ast.stmt], None]


def _table() -> dict[type[ast.stmt], Lower]:
    def of(method: Callable[..., None]) -> Lower:
        return lambda lowering, node: method(lowering, node)

    pairs: dict[tuple[type[ast.stmt], ...], Lower] = {
        (ast.Expr,): of(Statements.expression),
        (ast.Assign,): of(Statements.assignment),
        (ast.AnnAssign,): of(Statements.annotated),
        (ast.AugAssign,): of(Statements.augment),
        (ast.Return,): of(Statements.returning),
        (ast.If,): of(Statements.conditional),
        (ast.For, ast.AsyncFor): of(Statements.looping),
        (ast.While,): of(Statements.while_loop),
        (ast.Break,): lambda lowering, _: lowering.jumping(lambda loop: loop.after),
        (ast.Continue,): lambda lowering, _: lowering.jumping(lambda loop: loop.following),
        (ast.Raise,): of(Statements.throwing),
        (ast.Assert,): of(Statements.asserting),
        (ast.Try, ast.TryStar): of(Statements.trying),
        (ast.With, ast.AsyncWith): of(Statements.using),
        (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef): of(Statements.defining),
        (ast.Delete,): of(Statements.deleting),
        (ast.Pass, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom): lambda _, __: None,
    }
    return {kind: lower_statement for kinds, lower_statement in pairs.items() for kind in kinds}


_LOWER = _table()
