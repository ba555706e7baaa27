"""Arrays, and ``List<T>`` as RyuJIT sees it after inlining its members.

What grows in the function, and what an attribute holds, is a list; the rest are arrays.
"""

from __future__ import annotations

import ast

from gymcc.benchmarks.jitcse_corpus.lowering.names import Names
from gymcc.envs.jitcse.builder import Label
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import (
    binary,
    bounds,
    call,
    comma,
    compare,
    constant,
    field,
    length,
    repeatable,
    store_field,
)

LIST_ITEMS, LIST_SIZE, LIST_VERSION = 8, 16, 20  # offsets of List<T>'s fields
ONE = constant(Type.INT, 1)


class Containers(Names):
    """Loads and stores of elements."""

    def is_list(self, node: ast.expr) -> bool:
        """Whether a container is a list rather than an array."""
        return isinstance(node, ast.Attribute) or self.kinds.has(self.kinds.grown, node)

    def size(self, node: ast.expr, value: Node) -> Node:
        """The length of a container."""
        return field(Type.INT, value, LIST_SIZE) if self.is_list(node) else length(value)

    def element(self, kind: Type, node: ast.expr, base: Node, index: Node) -> Node:
        """A checked load from the container that ``node`` is; a list checks its size, then its array does."""
        if not self.is_list(node):
            return self.builder.element(kind, base, index)
        base, index = (each if repeatable(each) else self.kept(each) for each in (base, index))
        items = self.builder.element(kind, field(Type.OTHER, base, LIST_ITEMS), index)
        return comma(bounds(index, field(Type.INT, base, LIST_SIZE)), items)

    def store_element(self, node: ast.expr, base: Node, index: Node, value: Node) -> None:
        """A checked store to the container that ``node`` is."""
        if not self.is_list(node):
            self.builder.store_element(base, index, value)
            return
        base, index, value = (each if repeatable(each) else self.kept(each) for each in (base, index, value))
        self.builder.emit(bounds(index, field(Type.INT, base, LIST_SIZE)))
        self.builder.store_element(field(Type.OTHER, base, LIST_ITEMS), index, value)
        self._touch(base)

    def _touch(self, base: Node) -> None:
        """``version++``."""
        version = binary(Op.ADD, field(Type.INT, base, LIST_VERSION), ONE)
        self.builder.emit(store_field(base, LIST_VERSION, version))

    def appended(self, node: ast.Call) -> bool:
        """Lower ``list.append(item)``; False if the call is another."""
        func = node.func
        plain = len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)
        if not (isinstance(func, ast.Attribute) and func.attr == "append" and plain):
            return False
        target, item = self.operands(func.value, node.args[0])
        self.add(self.handy(self.converted(target, Type.OTHER)), self.handy(item))
        return True

    def add(self, base: Node, item: Node) -> None:
        """``version++; if (size < items.Length) { size++; items[size] = item; } else AddWithResize(item);``"""
        self._touch(base)
        items = self.builder.keep(field(Type.OTHER, base, LIST_ITEMS))
        size = self.builder.keep(field(Type.INT, base, LIST_SIZE))
        fits, full, end = Label(), Label(), Label()
        self.builder.branch(compare(Op.LT, size, length(items)), fits, full)
        self.builder.place(fits)
        self.builder.emit(store_field(base, LIST_SIZE, binary(Op.ADD, size, ONE)))
        self.builder.store_element(items, size, item)
        self.builder.jump(end)
        self.builder.place(full)
        self.builder.emit(call(Type.VOID, "AddWithResize", base, item))
        self.builder.place(end)
