"""Trees to LLVM instructions: the rules for each operation. Nothing is merged, folded or moved."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.arithmetic import ARITHMETIC
from gymcc.envs.jitcse.backends.llvm.lowering import Lowering, Rule, number_of
from gymcc.envs.jitcse.backends.llvm.memory import LENGTH_OFFSET, MEMORY
from gymcc.envs.jitcse.backends.llvm.values import TYPES, handle, literal
from gymcc.envs.jitcse.ir import Node, Op, Type

THROW = "throw_bounds"  # the runtime's helper


def _local(to: Lowering, node: Node) -> str:
    local = number_of(node)
    if to.types[local] is Type.STRUCT:
        return to.put(f"load <2 x i64>, ptr %l{local}, align 8")
    return to.values[local]


def _store_local(to: Lowering, node: Node) -> str:
    local, (value,) = number_of(node), node.args
    operand = to.lower(value)
    if to.types[local] is Type.STRUCT:
        to.lines.append(f"  store <2 x i64> {operand}, ptr %l{local}, align 8")
        return ""
    if not operand.startswith("%"):  # a local lives in a register even if it holds a constant
        operand = to.put(f"freeze {TYPES[value.type]} {operand}")
    to.values[local] = operand
    return ""


def _constant(to: Lowering, node: Node) -> str:
    assert isinstance(node.payload, int | float)
    if node.type is Type.SIMD:
        return to.constant(node.payload)
    return literal(node.type, node.payload)


def _handle(to: Lowering, node: Node) -> str:
    return handle(node.type, number_of(node))


def _bounds(to: Lowering, node: Node) -> str:
    """Compare and jump to the helper that throws, a length being read by the comparison itself, as RyuJIT does it.

    Inline assembly keeps the check inside its block. A branch of LLVM's would be taken as often as not in the eyes of
    its register allocator, which under ``optnone`` knows no branch weights and so would spill in what comes after.
    """
    index, length = node.args
    checked = _Operands()
    if index.op is Op.CONST and length.op is not Op.CONST:
        compare = f"cmpl $${index.payload}, {_length_operand(to, checked, length)}"
        jump = "jbe"
    else:
        register = checked.add("i32", to.lower(index))
        compare = f"cmpl {_length_operand(to, checked, length)}, {register}"
        jump = "jae"
    to.lines.append(f'  call void asm sideeffect "{compare}\\0A\\09{jump} {THROW}", {checked}')
    return ""


class _Operands:
    """Registers that inline assembly reads."""

    def __init__(self) -> None:
        self.typed: list[str] = []

    def add(self, type_: str, value: str) -> str:
        """How the assembly names one more."""
        self.typed.append(f"{type_} {value}")
        return f"${len(self.typed) - 1}"

    def __str__(self) -> str:
        return f'"{"r," * len(self.typed)}~{{flags}}"({", ".join(self.typed)})'


def _length_operand(to: Lowering, operands: _Operands, length: Node) -> str:
    if length.op is Op.LENGTH:
        return f"{LENGTH_OFFSET}({operands.add('ptr', to.lower(length.args[0]))})"
    return f"$${length.payload}" if length.op is Op.CONST else operands.add("i32", to.lower(length))


def _comma(to: Lowering, node: Node) -> str:
    to.lower(node.args[0])
    return to.lower(node.args[1])


def _call(to: Lowering, node: Node) -> str:
    arguments = ", ".join([to.typed(arg) for arg in node.args])
    call = f"call {TYPES[node.type]} {to.declare(str(node.payload))}({arguments})"
    if node.type is not Type.VOID:
        return to.put(call)
    to.lines.append(f"  {call}")
    return ""


RULES: dict[Op, Rule] = {
    **ARITHMETIC,
    **MEMORY,
    Op.LOCAL: _local,
    Op.STORE_LOCAL: _store_local,
    Op.CONST: _constant,
    Op.HANDLE: _handle,
    Op.BOUNDS: _bounds,
    Op.COMMA: _comma,
    Op.CALL: _call,
    Op.HELPER: _call,
}
