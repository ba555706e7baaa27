"""What all layers use: the builder, conversions between types, and operands in order of evaluation."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from gymcc.benchmarks.jitcse_corpus.kinds import Kinds
from gymcc.benchmarks.jitcse_corpus.lowering.unrolled import choices, class_tests, text_test
from gymcc.benchmarks.jitcse_corpus.scope import COMPREHENSIONS
from gymcc.benchmarks.jitcse_corpus.units import Unit
from gymcc.envs.jitcse.builder import Builder, Label
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import NULL, call, constant, field

BOXED = 8  # offset of the value in a boxed number
LARGE_DISPLAY = 8  # elements of a list or call that are added one by one
NUMBERS = (Type.INT, Type.LONG, Type.DOUBLE)


class Unsupported(Exception):
    """The function has something that is not lowered; the message is its kind, for the counts."""


@dataclass(slots=True)
class Loop:
    """Where ``break`` and ``continue`` lead, and how many ``finally`` bodies lie outside the loop."""

    after: Label
    following: Label
    finals: int


class Core(ABC):
    """A function being lowered."""

    def __init__(self, builder: Builder, kinds: Kinds, unit: Unit) -> None:
        self.builder, self.kinds, self.unit, self.scope = builder, kinds, unit, unit.scope
        self.loops: list[Loop] = []
        self.finals: list[Callable[[], None]] = []  # what runs before control leaves, innermost last

    @abstractmethod
    def value(self, node: ast.expr) -> Node:
        """Lower an expression to a tree, emitting statements first where it needs control flow."""

    @abstractmethod
    def condition(self, node: ast.expr, yes: Label, no: Label) -> None:
        """Lower an expression used for its truth to jumps."""

    @abstractmethod
    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Lower statements."""

    @abstractmethod
    def handle(self, name: Hashable) -> Node:
        """The address of something that is known only when the code is made: a class, a frozen object."""

    def operands(self, *nodes: ast.expr) -> list[Node]:
        """The values of expressions in order; one is kept in a temporary if a later one needs control flow."""
        found = []
        later = [index > 0 and needs_flow(node) for index, node in enumerate(nodes)]
        for index, node in enumerate(nodes):
            value = self.value(node)
            found.append(self.kept(value) if any(later[index + 1 :]) else value)
        return found

    def kept(self, value: Node) -> Node:
        """The value in a temporary, unless it is a constant."""
        return value if value.op in (Op.CONST, Op.HANDLE) else self.builder.keep(value)

    def handy(self, value: Node) -> Node:
        """The value as a tree that may be used several times: a local or constant."""
        return value if value.op is Op.LOCAL else self.kept(value)

    def converted(self, value: Node, kind: Type) -> Node:
        """The value as ``kind``: numbers are cast, boxed and unboxed."""
        if value.type is kind:
            return value
        if value == NULL:
            return constant(kind, 0)
        if value.op is Op.CONST and isinstance(value.payload, int) and kind in NUMBERS:
            return constant(kind, value.payload) if kind is not Type.INT else Node(Op.CAST, kind, (value,))
        if kind is Type.OTHER:
            return call(kind, "Box", self.handle(value.type.name), value)
        if value.type is Type.OTHER:
            return field(kind, value, BOXED)
        return Node(Op.CAST, kind, (value,))

    def as_kind(self, node: ast.expr, kind: Type) -> Node:
        """The value of an expression as ``kind``."""
        return self.converted(self.value(node), kind)


def needs_flow(node: ast.AST) -> bool:
    """Whether lowering an expression emits statements."""
    if isinstance(node, (ast.BoolOp, ast.IfExp, ast.NamedExpr, *COMPREHENSIONS)) or _is_large(node):
        return True
    if needs_jumps(node):
        return True
    return not isinstance(node, ast.Lambda) and any(needs_flow(child) for child in ast.iter_child_nodes(node))


def needs_jumps(node: ast.AST) -> bool:
    """Whether a comparison or call is lowered to jumps, its value to a flag."""
    chained = isinstance(node, ast.Compare) and len(node.ops) > 1
    return chained or text_test(node) is not None or bool(choices(node)) or bool(class_tests(node))


def _is_large(node: ast.AST) -> bool:
    """A display that is filled element by element."""
    return isinstance(node, ast.List | ast.Set | ast.Tuple) and is_large(node.elts)


def is_large(elements: Sequence[ast.expr]) -> bool:
    """Whether a display of these is filled element by element."""
    return len(elements) > LARGE_DISPLAY
