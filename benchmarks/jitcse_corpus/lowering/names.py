"""Variables: locals, and those in objects shared with inner functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gymcc.benchmarks.jitcse_corpus.kinds import Kinds
from gymcc.benchmarks.jitcse_corpus.lowering.outside import Outside
from gymcc.benchmarks.jitcse_corpus.lowering.symbols import Layout, Symbols
from gymcc.benchmarks.jitcse_corpus.syntax import literal_of
from gymcc.benchmarks.jitcse_corpus.units import Unit
from gymcc.envs.jitcse.builder import Builder
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import call, field, local, store_field, store_local


class Names(Outside):
    """Loads and stores of variables."""

    def __init__(self, builder: Builder, kinds: Kinds, unit: Unit, symbols: Symbols, given: Mapping[str, Node]) -> None:
        super().__init__(builder, kinds, unit, symbols)
        self.given = given  # parameters that need no local of their own
        self._locals: dict[str, int] = {}
        self._inner, self._outer = Layout(), Layout()
        self._renamed: list[dict[str, int]] = []  # variables of the comprehensions around
        self._shared: Node | None = None

    def enter(self) -> None:
        """Take the parameters from the method's first locals."""
        self._locals = {name: number for number, name in enumerate(self.scope.parameters)}
        if self.scope.outer:
            self._outer_object = local(len(self.scope.parameters), Type.OTHER)
        if self.scope.captured:
            self._share()

    def _share(self) -> None:
        """Make the object that inner functions see, and move captured parameters there."""
        self._shared = self.builder.keep(call(Type.OTHER, "New", self.handle("closure")))
        for name in self.scope.captured:
            if name in self._locals:
                kind = self.kinds.of_variable(name)
                self._store_shared(name, local(self._locals[name], kind))

    def _store_shared(self, name: str, value: Node) -> None:
        assert self._shared is not None
        self.builder.emit(store_field(self._shared, self._inner.offset(name, value.type), value))

    @property
    def shared(self) -> Node | None:
        """The object that inner functions see, or that this one got from outside; None if there is none."""
        return self._shared or (self._outer_object if self.scope.outer else None)

    def load_name(self, name: str) -> Node:
        """The value of a variable."""
        kind = self.kinds.of_variable(name)
        for renamed in reversed(self._renamed):
            if name in renamed:
                return local(renamed[name], kind)
        if name in self.given:
            return self.given[name]
        if name in self.scope.captured:
            assert self._shared is not None
            return field(kind, self._shared, self._inner.offset(name, kind))
        if name in self.scope.locals:
            return local(self._number(name), kind)
        if name in self.scope.outer:
            return field(kind, self._outer_object, self._outer.offset(name, kind))
        return self.outside(name, kind)

    def folded(self, node: ast.expr) -> ast.Constant | None:
        """The constant that an expression is, or that a name of the module stands for."""
        if isinstance(node, ast.Constant):
            return node
        own = (self.scope.locals, self.scope.outer, self.scope.imports, *self._renamed)
        if not isinstance(node, ast.Name) or any(node.id in names for names in own):
            return None
        return literal_of(self.unit.module.constants.get(node.id))

    def store_name(self, name: str, value: Node) -> None:
        """Assign a variable."""
        value = self.converted(value, self.kinds.of_variable(name))
        for renamed in reversed(self._renamed):
            if name in renamed:
                self.builder.emit(store_local(renamed[name], value))
                return
        if name in self.scope.captured:
            self._store_shared(name, value)
        elif name in self.scope.locals:
            self.builder.emit(store_local(self._number(name), value))
        elif name in self.scope.outer:
            self.builder.emit(store_field(self._outer_object, self._outer.offset(name, value.type), value))
        else:
            self.builder.emit(Node(Op.STORE_STATIC, Type.VOID, (value,), self.symbols.static(name)))

    def counter(self, target: ast.expr) -> int:
        """The local that counts for a loop: the target itself, or a fresh one where that is no plain INT local."""
        if isinstance(target, ast.Name) and self.kinds.of_variable(target.id) is Type.INT:
            name = target.id
            for renamed in reversed(self._renamed):
                if name in renamed:
                    return renamed[name]
            if name in self.scope.counters and name not in self.scope.captured:
                return self._number(name)
        return self.builder.new_local(Type.INT)

    def _number(self, name: str) -> int:
        if name not in self._locals:
            self._locals[name] = self.builder.new_local(self.kinds.of_variable(name))
        return self._locals[name]

    @contextmanager
    def renamed(self, targets: list[ast.expr]) -> Iterator[None]:
        """Inside, the names in ``targets`` are fresh locals: the variables of a comprehension."""
        names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        self._renamed.append({name: self.builder.new_local(self.kinds.of_variable(name)) for name in names})
        yield
        self._renamed.pop()
