"""Lowering of arithmetic, comparisons and casts: one instruction per node, but for what references cost."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.division import divide
from gymcc.envs.jitcse.backends.llvm.lowering import WHOLE, Lowering, Rule
from gymcc.envs.jitcse.backends.llvm.values import TYPES
from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type

INTEGER = {
    Op.ADD: "add",
    Op.SUB: "sub",
    Op.MUL: "mul",
    Op.AND: "and",
    Op.OR: "or",
    Op.XOR: "xor",
    Op.LSH: "shl",
    Op.RSH: "ashr",
}
FLOATING = {Op.ADD: "fadd", Op.SUB: "fsub", Op.MUL: "fmul", Op.DIV: "fdiv"}
REMAINDER = {Type.FLOAT: "fmodf", Type.DOUBLE: "fmod", Type.SIMD: "$fmod4"}  # the C library's, and the runtime's
SIGNED = {Op.EQ: "eq", Op.NE: "ne", Op.LT: "slt", Op.LE: "sle", Op.GT: "sgt", Op.GE: "sge"}
ORDERED = {Op.EQ: "oeq", Op.NE: "une", Op.LT: "olt", Op.LE: "ole", Op.GT: "ogt", Op.GE: "oge"}
CASTS = {
    ("i32", "i64"): "sext",
    ("i64", "i32"): "trunc",
    ("i32", "float"): "sitofp",
    ("i64", "float"): "sitofp",
    ("i32", "double"): "sitofp",
    ("i64", "double"): "sitofp",
    ("float", "double"): "fpext",
    ("double", "float"): "fptrunc",
}


def _binary(to: Lowering, node: Node) -> str:
    if node.type.floating:
        return _floating(to, node)
    if node.op in (Op.DIV, Op.MOD):
        return divide(to, node)
    left, right = node.args
    operands = f"{to.integer(left)}, {to.integer(right)}"
    return to.whole(node.type, f"{INTEGER[node.op]} {WHOLE[node.type]} {operands}")


def _floating(to: Lowering, node: Node) -> str:
    type_ = TYPES[node.type]
    left, right = (to.lower(arg) for arg in node.args)
    if node.op in FLOATING:
        return to.put(f"{FLOATING[node.op]} {type_} {left}, {right}")
    name = to.declare(REMAINDER[node.type])
    return to.put(f"call {type_} {name}({type_} {left}, {type_} {right})")


def _shift(to: Lowering, node: Node) -> str:
    """Shift by a count that the machine itself takes modulo the width; LLVM must not see one that is too large."""
    value, count = node.args
    type_, width = TYPES[node.type], 8 * node.type.bytes
    operand, amount = to.lower(value), to.lower(count)
    if not amount.startswith("%"):
        amount = str(int(amount) % width)
    elif node.type is Type.LONG:
        amount = to.put(f"zext i32 {amount} to i64")
    return to.put(f"{INTEGER[node.op]} {type_} {operand}, {amount}")


def _neg(to: Lowering, node: Node) -> str:
    (value,) = node.args
    if node.type in WHOLE:
        return to.whole(node.type, f"sub {WHOLE[node.type]} 0, {to.integer(value)}")
    operand = to.lower(value)
    if node.type is Type.SIMD:
        return to.put(f"fsub <4 x float> {to.constant(-0.0)}, {operand}")
    return to.put(f"fneg {TYPES[node.type]} {operand}")


def _not(to: Lowering, node: Node) -> str:
    return to.whole(node.type, f"xor {WHOLE[node.type]} {to.integer(node.args[0])}, -1")


def _cast(to: Lowering, node: Node) -> str:
    """References are cast as the integers they are."""
    (value,) = node.args
    if value.type is node.type:
        return to.lower(value)
    operand = to.integer(value) if value.type in WHOLE else to.lower(value)
    source, target = (WHOLE.get(type_, TYPES[type_]) for type_ in (value.type, node.type))
    if value.type.floating and node.type in WHOLE:
        name = f"@llvm.fptosi.sat.{target}.f{8 * value.type.bytes}"
        to.globals[name] = f"declare {target} {name}({source})"
        return to.whole(node.type, f"call {target} {name}({source} {operand})")
    if source == target:
        return to.reference(node.type, operand)
    return to.whole(node.type, f"{CASTS[source, target]} {source} {operand} to {target}")


def _compare(to: Lowering, node: Node) -> str:
    left, right = node.args
    a, b = to.lower(left), to.lower(right)
    if left.type.floating:
        return to.put(f"fcmp {ORDERED[node.op]} {TYPES[left.type]} {a}, {b}")
    return to.put(f"icmp {SIGNED[node.op]} {TYPES[left.type]} {a}, {b}")


def _comparison(to: Lowering, node: Node) -> str:
    return to.put(f"zext i1 {_compare(to, node)} to i32")


def condition(to: Lowering, node: Node) -> str:
    """Evaluate a condition for a branch: an i1, which the branch can take in with its comparison."""
    while node.op is Op.COMMA:
        to.lower(node.args[0])
        node = node.args[1]
    if node.op in COMPARISONS:
        return _compare(to, node)
    return to.put(f"icmp ne i32 {to.lower(node)}, 0")


ARITHMETIC: dict[Op, Rule] = {
    **dict.fromkeys((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.AND, Op.OR, Op.XOR), _binary),
    **dict.fromkeys(COMPARISONS, _comparison),
    Op.LSH: _shift,
    Op.RSH: _shift,
    Op.NEG: _neg,
    Op.NOT: _not,
    Op.CAST: _cast,
}
