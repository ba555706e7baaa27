"""Variables: locals, those in objects shared with inner functions, static fields, and addresses of known things."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gymcc.benchmarks.jitcse_corpus.kinds import Kinds
from gymcc.benchmarks.jitcse_corpus.known import BUILTIN_TYPES
from gymcc.benchmarks.jitcse_corpus.lowering.core import Core
from gymcc.benchmarks.jitcse_corpus.lowering.symbols import Layout, Symbols
from gymcc.benchmarks.jitcse_corpus.units import Unit
from gymcc.envs.jitcse.builder import Builder
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import call, comma, field, local, static, store_field, store_local


class Names(Core):
    """Loads and stores of variables."""

    def __init__(self, builder: Builder, kinds: Kinds, unit: Unit, symbols: Symbols, given: Mapping[str, Node]) -> None:
        super().__init__(builder, kinds, unit)
        self.symbols = symbols
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

    def handle(self, name: str) -> Node:
        """The address of a function, class or text."""
        return Node(Op.HANDLE, Type.OTHER, (), self.symbols.handle(name))

    def allocated(self, name: str, *args: Node) -> Node:
        """``new Name(args)``: the runtime allocates, given the class, then the constructor runs."""
        number = self.builder.new_local(Type.OTHER)
        made = local(number, Type.OTHER)
        constructed = comma(call(Type.VOID, f"{name}.ctor", made, *args), made)
        return comma(store_local(number, call(Type.OTHER, "New", self.handle(name))), constructed)

    @property
    def shared(self) -> Node | None:
        """The object that inner functions see, or that this one got from outside; None if there is none."""
        return self._shared or (self._outer_object if self.scope.outer else None)

    def is_module(self, node: ast.expr) -> bool:
        """Whether an expression names an imported module or what is imported from one."""
        return isinstance(node, ast.Name) and node.id in self.scope.imports and node.id not in self.scope.locals

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
        if name in self.scope.imports | self.scope.definitions | BUILTIN_TYPES:
            return self.handle(name)
        return self.global_value(name, kind, name in self.scope.constants)

    def global_value(self, name: str, kind: Type, constant: bool) -> Node:
        """A static field; an object in a readonly one has an address known when the JIT runs."""
        if constant and kind is Type.OTHER:
            return self.handle(name)
        return static(kind, self.symbols.static(name))

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
