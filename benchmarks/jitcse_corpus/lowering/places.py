"""Attributes and elements, and assignment to everything that can be assigned to."""

from __future__ import annotations

import ast
from abc import abstractmethod

from gymcc.benchmarks.jitcse_corpus.lowering.containers import Containers
from gymcc.benchmarks.jitcse_corpus.lowering.core import Unsupported
from gymcc.benchmarks.jitcse_corpus.lowering.symbols import FIRST_FIELD
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import (
    binary,
    call,
    constant,
    field,
    repeatable,
    static,
    store_field,
)


class Places(Containers):
    """Loads and stores through objects."""

    def dotted(self, node: ast.expr) -> str:
        """``os.path.sep`` as text if it starts with an imported module; else empty."""
        if self.is_module(node):
            assert isinstance(node, ast.Name)
            return node.id
        head = self.dotted(node.value) if isinstance(node, ast.Attribute) else ""
        return f"{head}.{node.attr}" if head and isinstance(node, ast.Attribute) else ""

    def attribute(self, node: ast.Attribute) -> Node:
        """A field, or a static one of a module or class."""
        kind = self.kinds.of(node)
        if name := self.dotted(node) or self._of_class(node):
            return self.outside_attribute(name, kind, bool(self.dotted(node)))
        return field(kind, self.value(node.value), self._offset(node.attr, kind))

    def _of_class(self, node: ast.Attribute) -> str:
        owner = node.value
        known = (
            isinstance(owner, ast.Name) and owner.id in self.unit.module.classes and owner.id not in self.scope.locals
        )
        return f"{owner.id}.{node.attr}" if known and isinstance(owner, ast.Name) else ""

    def _offset(self, name: str, kind: Type) -> int:
        return 0 if name == "__class__" else self.symbols.fields.offset(name, kind)

    # Elements

    def subscript(self, node: ast.Subscript) -> Node:
        """An element of an array or list; anything else is the container's business."""
        if isinstance(node.slice, ast.Slice):
            return self._slice(node.value, node.slice)
        base, index = self._base_and_index(node)
        return self._element(node, base, index)

    def _base_and_index(self, node: ast.Subscript) -> tuple[Node, Node]:
        """The container and the index; an index from the end is the length minus something."""
        back = _from_end(node.slice)
        if back and not self.kinds.has(self.kinds.maps, node.value):
            base = self.handy(self.as_kind(node.value, Type.OTHER))
            return base, binary(Op.SUB, self.size(node.value, base), constant(Type.INT, back))
        base, index = self.operands(node.value, node.slice)
        return self.converted(base, Type.OTHER), index

    def _indexed(self, node: ast.Subscript, index: Node) -> bool:
        return index.type is Type.INT and not self.kinds.has(self.kinds.maps, node.value)

    def _element(self, node: ast.Subscript, base: Node, index: Node) -> Node:
        kind = self.kinds.of(node)
        return (
            self.element(kind, node.value, base, index)
            if self._indexed(node, index)
            else call(kind, "get_Item", base, index)
        )

    def _slice(self, container: ast.expr, part: ast.Slice) -> Node:
        ends = [end for end in (part.lower, part.upper, part.step) if end is not None]
        base, *found = self.operands(container, *ends)
        shape = "".join("x" if end is not None else "-" for end in (part.lower, part.upper, part.step))
        return call(Type.OTHER, f"Slice.{shape}", base, *found)

    # Assignment

    def assign(self, target: ast.expr, value: Node) -> None:
        """Store a value; the container is evaluated before it, as in C#."""
        if isinstance(target, ast.Name):
            self.store_name(target.id, value)
        elif isinstance(target, ast.Attribute):
            self._assign_attribute(target, value)
        elif isinstance(target, ast.Subscript):
            self._assign_subscript(target, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value)
        else:
            raise Unsupported(f"assignment to {type(target).__name__}")

    def _assign_attribute(self, target: ast.Attribute, value: Node) -> None:
        kind = self.kinds.of(target)
        value = self.converted(value, kind)
        if name := self.dotted(target) or self._of_class(target):
            self.builder.emit(Node(Op.STORE_STATIC, Type.VOID, (value,), self.symbols.static(name)))
        else:
            base = self.as_kind(target.value, Type.OTHER)
            self.builder.emit(store_field(base, self._offset(target.attr, kind), value))

    def _assign_subscript(self, target: ast.Subscript, value: Node) -> None:
        if isinstance(target.slice, ast.Slice):
            self.builder.emit(call(Type.VOID, "SetSlice", self._slice(target.value, target.slice), value))
            return
        base, index = self._base_and_index(target)
        self._store_element(target, base, index, value)

    def _store_element(self, target: ast.Subscript, base: Node, index: Node, value: Node) -> None:
        if self._indexed(target, index):
            self.store_element(target.value, base, index, self.converted(value, self.kinds.of(target)))
        else:
            self.builder.emit(call(Type.VOID, "set_Item", base, index, value))

    def _unpack(self, target: ast.Tuple | ast.List, value: Node) -> None:
        """``a, b = value``: the fields of a tuple."""
        value = self.handy(self.converted(value, Type.OTHER))
        offset = FIRST_FIELD
        for each in target.elts:
            if isinstance(each, ast.Starred):
                self.assign(each.value, call(Type.OTHER, "Rest", value))
                continue
            kind = self.kinds.of(each) if not isinstance(each, ast.Tuple | ast.List) else Type.OTHER
            self.assign(each, field(kind, value, offset))
            offset += 8

    def augment(self, node: ast.AugAssign) -> None:
        """``target op= value``: the container and index are evaluated once."""
        target = node.target
        if isinstance(target, ast.Name):
            self.store_name(target.id, self.operation(node.op, target, node.value, self.load_name(target.id)))
        elif isinstance(target, ast.Attribute):
            self._augment_attribute(node, target)
        elif isinstance(target.slice, ast.Slice):
            raise Unsupported("augmented assignment to a slice")
        else:
            base, index = self._base_and_index(target)
            base, index = (each if repeatable(each) else self.kept(each) for each in (base, index))
            old = self._element(target, base, index)
            self._store_element(target, base, index, self.operation(node.op, target, node.value, old))

    def _augment_attribute(self, node: ast.AugAssign, target: ast.Attribute) -> None:
        if name := self.dotted(target) or self._of_class(target):
            number = self.symbols.static(name)
            new = self.operation(node.op, target, node.value, static(self.kinds.of(target), number))
            new = self.converted(new, self.kinds.of(target))
            self.builder.emit(Node(Op.STORE_STATIC, Type.VOID, (new,), number))
            return
        base, kind = self.handy(self.as_kind(target.value, Type.OTHER)), self.kinds.of(target)
        offset = self._offset(target.attr, kind)
        new = self.operation(node.op, target, node.value, field(kind, base, offset))
        self.builder.emit(store_field(base, offset, self.converted(new, kind)))

    @abstractmethod
    def operation(self, op: ast.operator, target: ast.expr, node: ast.expr, old: Node) -> Node:
        """``old op value``, of an augmented assignment."""

    def delete(self, target: ast.expr) -> None:
        """``del target``."""
        if isinstance(target, ast.Subscript):
            nodes = [] if isinstance(target.slice, ast.Slice) else [target.slice]
            self.builder.emit(call(Type.VOID, "RemoveAt", *self.operands(target.value, *nodes)))
        elif isinstance(target, ast.Attribute):
            self.builder.emit(call(Type.VOID, "DeleteAttribute", self.value(target.value), self.text(target.attr)))
        elif isinstance(target, ast.Tuple | ast.List):
            for each in target.elts:
                self.delete(each)


def _from_end(node: ast.expr) -> int:
    """``k`` of an index ``-k``, else 0."""
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    value = node.operand.value if negated else 0  # type: ignore[attr-defined]
    return value if type(value) is int and 0 < value < 2**31 else 0
