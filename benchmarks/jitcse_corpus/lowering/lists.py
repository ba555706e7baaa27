"""Lists that grow, as RyuJIT inlines ``List<T>.Add``."""

from __future__ import annotations

import ast

from gymcc.benchmarks.jitcse_corpus.lowering.calls import Calls
from gymcc.benchmarks.jitcse_corpus.lowering.places import LIST_ITEMS, LIST_SIZE, LIST_VERSION
from gymcc.envs.jitcse.builder import Label
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import binary, call, compare, constant, field, length, store_field

ONE = constant(Type.INT, 1)


class Lists(Calls):
    """Lowering of appends."""

    def appended(self, node: ast.Call) -> bool:
        """Lower ``list.append(item)``; False if the call is another."""
        func = node.func
        plain = len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)
        if not (isinstance(func, ast.Attribute) and func.attr == "append" and plain):
            return False
        target, item = self.operands(func.value, node.args[0])
        self.add(self.handy(self.converted(target, Type.OTHER)), self.handy(item))
        return True

    def add(self, target: Node, item: Node) -> None:
        """``version++; if (size < items.Length) { size++; items[size] = item; } else AddWithResize(item);``"""
        version = binary(Op.ADD, field(Type.INT, target, LIST_VERSION), ONE)
        self.builder.emit(store_field(target, LIST_VERSION, version))
        items = self.builder.keep(field(Type.OTHER, target, LIST_ITEMS))
        size = self.builder.keep(field(Type.INT, target, LIST_SIZE))
        fits, full, end = Label(), Label(), Label()
        self.builder.branch(compare(Op.LT, size, length(items)), fits, full)
        self.builder.place(fits)
        self.builder.emit(store_field(target, LIST_SIZE, binary(Op.ADD, size, ONE)))
        self.builder.store_element(items, size, item)
        self.builder.jump(end)
        self.builder.place(full)
        self.builder.emit(call(Type.VOID, "AddWithResize", target, item))
        self.builder.place(end)
