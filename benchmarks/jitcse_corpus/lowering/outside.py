"""What a function takes from outside: classes, texts, and the static fields that stand for a module's variables.

RyuJIT folds a ``static readonly`` number or text of an initialised class into a constant
(impImportStaticReadOnlyField); an object in one is loaded, here again after each call, since the representation has no
loads that calls leave alone but lengths. A name spelt like a constant counts as one, with a number of our own where its
value is not known here.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping

from gymcc.benchmarks.jitcse_corpus.kinds import Kinds
from gymcc.benchmarks.jitcse_corpus.known import BUILTIN_TYPES, is_class_name, is_constant_name
from gymcc.benchmarks.jitcse_corpus.lowering.core import NUMBERS, Core
from gymcc.benchmarks.jitcse_corpus.lowering.symbols import Symbols
from gymcc.benchmarks.jitcse_corpus.scope import free_names
from gymcc.benchmarks.jitcse_corpus.syntax import is_character, literal_of
from gymcc.benchmarks.jitcse_corpus.units import Unit
from gymcc.envs.jitcse.builder import Builder
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import call, comma, constant, local, static, store_local


class Outside(Core):
    """Loads of what does not belong to the function."""

    throws = False  # the statement being lowered ends in a throw

    def __init__(self, builder: Builder, kinds: Kinds, unit: Unit, symbols: Symbols) -> None:
        super().__init__(builder, kinds, unit)
        self.symbols = symbols

    def handle(self, name: Hashable) -> Node:
        """The address of a class or a frozen object."""
        return Node(Op.HANDLE, Type.OTHER, (), self.symbols.handle(name))

    def text(self, value: str | bytes) -> Node:
        """A text: a frozen object. What is about to throw asks the runtime for it (CORINFO_HELP_STRCNS)."""
        if self.throws:
            return call(Type.OTHER, "StringLiteral", constant(Type.INT, self.symbols.number(repr(value))))
        return self.handle(repr(value))

    def allocated(self, name: str, *args: Node) -> Node:
        """``new Name(args)``: the runtime allocates, given the class, then the constructor runs."""
        number = self.builder.new_local(Type.OTHER)
        made = local(number, Type.OTHER)
        constructed = comma(call(Type.VOID, f"{name}.ctor", made, *args), made)
        return comma(store_local(number, call(Type.OTHER, "New", self.handle(name))), constructed)

    def collection(self, kind: str, node: ast.expr, *elements: list[ast.expr]) -> Node:
        """The class of a new collection, a generic one: of ``elements``, given for each type parameter."""
        return self.handle((kind, *(self._element_type(node, each) for each in elements)))

    def _element_type(self, node: ast.expr, elements: list[ast.expr]) -> Hashable:
        """Numbers and texts have one type each; other objects are of one only where that is known."""
        if elements and all(isinstance(each, ast.JoinedStr) or _is_text(each) for each in elements):
            return "text"
        kinds = {self.kinds.of(each) for each in elements} or {self.kinds.of_elements(node)}
        return self.kinds.same_as(node) if Type.OTHER in kinds else max(kinds, key=NUMBERS.index).name

    # Variables and attributes of modules and classes

    def is_module(self, node: ast.expr) -> bool:
        """Whether an expression names an imported module or what is imported from one."""
        return isinstance(node, ast.Name) and node.id in self.scope.imports and node.id not in self.scope.locals

    def outside(self, name: str, kind: Type) -> Node:
        """The value of a name that is not the function's own."""
        module, imported = self.unit.module, name in self.scope.imports
        if name in module.classes or name in BUILTIN_TYPES or (imported and _names_class(name)):
            return self.handle(name)
        if imported and is_constant_name(name):
            return self._fixed(name, kind, None)
        if name in module.constants:
            return self._fixed(name, kind, module.constants[name])
        return static(kind, self.symbols.static(name))  # a variable, or a delegate of a function, which C# keeps

    def outside_attribute(self, name: str, kind: Type, of_module: bool) -> Node:
        """The value of a module's or class's attribute with a dotted name."""
        last = name.rpartition(".")[2]
        if is_constant_name(last):
            return self._fixed(name, kind, None)
        return self.handle(name) if of_module and _names_class(last) else static(kind, self.symbols.static(name))

    def _fixed(self, name: str, kind: Type, value: ast.expr | None) -> Node:
        literal = literal_of(value)
        if literal is not None and kind is Type.INT and is_character(literal):
            return constant(kind, ord(literal.value))  # type: ignore[arg-type]
        if literal is not None:
            return self.value(literal)
        return constant(kind, self.symbols.number(name)) if kind in NUMBERS else static(kind, self.symbols.static(name))


def outside_kinds(unit: Unit) -> Mapping[str, Type]:
    """The types of the constants that a function uses; a character may be a number or a text."""
    found: dict[str, Type] = {}
    for name in sorted(free_names(unit.node)):
        literal = literal_of(unit.module.constants.get(name))
        if literal is not None and not is_character(literal):
            found[name] = _literal_type(literal.value)
        elif name in unit.scope.imports and is_constant_name(name):
            found[name] = Type.INT
    return found


def _literal_type(value: object) -> Type:
    if isinstance(value, float):
        return Type.DOUBLE
    if not isinstance(value, int):
        return Type.OTHER
    return Type.INT if -(2**31) <= value < 2**31 else Type.LONG


def _names_class(name: str) -> bool:
    return is_class_name(name) and not is_constant_name(name)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
