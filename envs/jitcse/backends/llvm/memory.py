"""Lowering of loads and stores, with the address modes that the machine has."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.lowering import Lowering, Rule, number_of
from gymcc.envs.jitcse.backends.llvm.values import TYPES
from gymcc.envs.jitcse.ir import Node, Op, Type

LENGTH_OFFSET = 8  # an array is a header word, its length, then at ELEMENTS_OFFSET its elements
ELEMENTS_OFFSET = 16
STATIC_SIZE = 16  # bytes reserved per static field
SCALES = (2, 4, 8)


def _address(to: Lowering, node: Node, offset: int) -> str:
    """Address plus offset; the sums and the scaling that a load or store does for free are left to it."""
    while node.op is Op.ADD and node.args[1].op is Op.CONST:
        offset += number_of(node.args[1])
        node = node.args[0]
    if node.op is not Op.ADD:
        return _offset(to, to.lower(node), offset)
    base, index = node.args
    scale = 1
    if index.op is Op.MUL and index.args[1].op is Op.CONST and index.args[1].payload in SCALES:
        index, scale = index.args[0], number_of(index.args[1])
    pointer, count = to.lower(base), to.integer(index)
    return _offset(to, to.put(f"getelementptr [{scale} x i8], ptr {pointer}, i64 {count}"), offset)


def _offset(to: Lowering, base: str, offset: int) -> str:
    return to.put(f"getelementptr i8, ptr {base}, i64 {offset}") if offset else base


def _load(to: Lowering, type_: Type, address: str) -> str:
    return to.put(f"load {TYPES[type_]}, ptr {address}, align {min(type_.bytes, 8)}")


def _store(to: Lowering, value: Node, operand: str, address: str) -> str:
    to.lines.append(f"  store {TYPES[value.type]} {operand}, ptr {address}, align {min(value.type.bytes, 8)}")
    return ""


def _field(to: Lowering, node: Node) -> str:
    return _load(to, node.type, _address(to, node.args[0], number_of(node)))


def _store_field(to: Lowering, node: Node) -> str:
    base, value = node.args
    address, operand = _address(to, base, number_of(node)), to.lower(value)
    return _store(to, value, operand, address)


def _static_address(to: Lowering, number: int) -> str:
    name = f"@s{number}"
    to.globals[name] = f"{name} = external dso_local global [{STATIC_SIZE} x i8], align 16"
    return name


def _static(to: Lowering, node: Node) -> str:
    return _load(to, node.type, _static_address(to, number_of(node)))


def _store_static(to: Lowering, node: Node) -> str:
    (value,) = node.args
    return _store(to, value, to.lower(value), _static_address(to, number_of(node)))


def _length(to: Lowering, node: Node) -> str:
    return _load(to, Type.INT, _offset(to, to.lower(node.args[0]), LENGTH_OFFSET))


def _element(to: Lowering, array: str, index: str, type_: Type) -> str:
    """Address of an element; the index is not negative, so that it widens by a plain move, as RyuJIT does it."""
    if index.startswith("%"):
        index = to.put(f"zext i32 {index} to i64")
    elements = _offset(to, array, ELEMENTS_OFFSET)
    return to.put(f"getelementptr [{type_.bytes} x i8], ptr {elements}, i64 {index}")


def _elem(to: Lowering, node: Node) -> str:
    array, index = (to.lower(arg) for arg in node.args)
    return _load(to, node.type, _element(to, array, index, node.type))


def _store_elem(to: Lowering, node: Node) -> str:
    array, index, operand = (to.lower(arg) for arg in node.args)
    value = node.args[2]
    return _store(to, value, operand, _element(to, array, index, value.type))


MEMORY: dict[Op, Rule] = {
    Op.FIELD: _field,
    Op.STORE_FIELD: _store_field,
    Op.STATIC: _static,
    Op.STORE_STATIC: _store_static,
    Op.LENGTH: _length,
    Op.ELEM: _elem,
    Op.STORE_ELEM: _store_elem,
}
