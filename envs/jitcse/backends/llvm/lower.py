"""Trees to LLVM instructions: one instruction or a fixed few per node, nothing merged, folded or moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gymcc.envs.jitcse.backends.llvm.values import TYPES, handle, literal, vector
from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type

LENGTH_OFFSET = 8  # an array is a header word, its length, then at ELEMENTS_OFFSET its elements
ELEMENTS_OFFSET = 16
STATIC_SIZE = 16  # bytes reserved per static field
THROW = "throw_bounds"  # the runtime's helper

INTEGER = {
    Op.ADD: "add",
    Op.SUB: "sub",
    Op.MUL: "mul",
    Op.DIV: "sdiv",
    Op.MOD: "srem",
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
WHOLE = {Type.OTHER: "i64", Type.INT: "i32", Type.LONG: "i64"}  # what whole numbers are computed in


class Lowering:
    """The text of one function under construction; ``lower`` appends instructions and returns an operand.

    ``values`` holds the operand that each local stands for at this point, except structs, which live in memory.
    """

    def __init__(self, types: Sequence[Type]) -> None:
        self.types = types
        self.lines: list[str] = []
        self.values: dict[int, str] = {}
        self.globals: dict[str, str] = {}  # name: definition or declaration
        self._count = 0

    def put(self, instruction: str) -> str:
        """Append an instruction that has a value, and return its name."""
        self._count += 1
        name = f"%t{self._count}"
        self.lines.append(f"  {name} = {instruction}")
        return name

    def lower(self, node: Node) -> str:
        """Evaluate ``node`` here; its operand, empty for VOID."""
        return LOWER[node.op](self, node)

    def typed(self, node: Node) -> str:
        """Evaluate ``node``; its operand with the type before it."""
        value = self.lower(node)
        return f"{TYPES[node.type]} {value}"

    def pointer(self, node: Node) -> str:
        """Evaluate an address; a LONG is turned into a pointer, which costs nothing."""
        value = self.lower(node)
        return value if node.type is Type.OTHER else self.put(f"inttoptr i64 {value} to ptr")

    def integer(self, node: Node) -> str:
        """Evaluate an integer; a reference is turned into one, which costs nothing."""
        value = self.lower(node)
        return self.put(f"ptrtoint ptr {value} to i64") if node.type is Type.OTHER else value

    def whole(self, type_: Type, instruction: str) -> str:
        """Append an instruction on whole numbers; its value, as a pointer if that is its type."""
        value = self.put(instruction)
        return value if type_ is not Type.OTHER else self.put(f"inttoptr i64 {value} to ptr")

    def condition(self, node: Node) -> str:
        """Evaluate a condition for a branch: an i1 that the branch can swallow with its comparison."""
        while node.op is Op.COMMA:
            self.lower(node.args[0])
            node = node.args[1]
        if node.op in COMPARISONS:
            return _compare(self, node)
        return self.put(f"icmp ne i32 {self.lower(node)}, 0")

    def declare(self, name: str) -> str:
        """The name of an external function; each call says its own signature."""
        quoted = f'@"{name}"'
        self.globals[quoted] = f"declare void {quoted}()"
        return quoted

    def constant(self, payload: float) -> str:
        """Load a vector of four equal constants from memory, as RyuJIT does."""
        name = f'@"k{payload}"'
        self.globals[name] = f"{name} = private unnamed_addr constant <4 x float> {vector(payload)}, align 16"
        return self.put(f"load <4 x float>, ptr {name}, align 16")


def _number(node: Node) -> int:
    assert isinstance(node.payload, int)
    return node.payload


def _local(to: Lowering, node: Node) -> str:
    local = _number(node)
    if to.types[local] is Type.STRUCT:
        return to.put(f"load <2 x i64>, ptr %l{local}, align 8")
    return to.values[local]


def _store_local(to: Lowering, node: Node) -> str:
    local, (value,) = _number(node), node.args
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
    return handle(node.type, _number(node))


def _offset(to: Lowering, base: str, offset: int) -> str:
    return to.put(f"getelementptr i8, ptr {base}, i64 {offset}") if offset else base


def _load(to: Lowering, type_: Type, address: str) -> str:
    return to.put(f"load {TYPES[type_]}, ptr {address}, align {min(type_.bytes, 8)}")


def _store(to: Lowering, value: Node, operand: str, address: str) -> str:
    to.lines.append(f"  store {TYPES[value.type]} {operand}, ptr {address}, align {min(value.type.bytes, 8)}")
    return ""


def _field(to: Lowering, node: Node) -> str:
    return _load(to, node.type, _offset(to, to.pointer(node.args[0]), _number(node)))


def _store_field(to: Lowering, node: Node) -> str:
    base, value = node.args
    pointer, operand = to.pointer(base), to.lower(value)
    return _store(to, value, operand, _offset(to, pointer, _number(node)))


def _static_address(to: Lowering, number: int) -> str:
    name = f"@s{number}"
    to.globals[name] = f"{name} = external dso_local global [{STATIC_SIZE} x i8], align 16"
    return name


def _static(to: Lowering, node: Node) -> str:
    return _load(to, node.type, _static_address(to, _number(node)))


def _store_static(to: Lowering, node: Node) -> str:
    (value,) = node.args
    return _store(to, value, to.lower(value), _static_address(to, _number(node)))


def _length(to: Lowering, node: Node) -> str:
    return _load(to, Type.INT, _offset(to, to.pointer(node.args[0]), LENGTH_OFFSET))


def _element(to: Lowering, array: str, index: str, node: Node, type_: Type) -> str:
    """Address of an element; the index is not negative, so that it widens for nothing, as RyuJIT does it."""
    if node.type is Type.INT:
        index = index if index.isdigit() else to.put(f"zext i32 {index} to i64")
    elements = _offset(to, array, ELEMENTS_OFFSET)
    return to.put(f"getelementptr [{type_.bytes} x i8], ptr {elements}, i64 {index}")


def _elem(to: Lowering, node: Node) -> str:
    array, index = node.args
    pointer, operand = to.pointer(array), to.lower(index)
    return _load(to, node.type, _element(to, pointer, operand, index, node.type))


def _store_elem(to: Lowering, node: Node) -> str:
    array, index, value = node.args
    pointer, position, operand = to.pointer(array), to.lower(index), to.lower(value)
    return _store(to, value, operand, _element(to, pointer, position, index, value.type))


def _binary(to: Lowering, node: Node) -> str:
    if node.type.floating:
        return _floating(to, node)
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
    if count.op is Op.CONST:
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
        return operand if node.type is not Type.OTHER else to.put(f"inttoptr i64 {operand} to ptr")
    return to.whole(node.type, f"{CASTS[source, target]} {source} {operand} to {target}")


def _compare(to: Lowering, node: Node) -> str:
    left, right = node.args
    a, b = to.lower(left), to.lower(right)
    if left.type.floating:
        return to.put(f"fcmp {ORDERED[node.op]} {TYPES[left.type]} {a}, {b}")
    return to.put(f"icmp {SIGNED[node.op]} {TYPES[left.type]} {a}, {b}")


def _comparison(to: Lowering, node: Node) -> str:
    return to.put(f"zext i1 {_compare(to, node)} to i32")


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
        return f"{LENGTH_OFFSET}({operands.add('ptr', to.pointer(length.args[0]))})"
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


LOWER: dict[Op, Callable[[Lowering, Node], str]] = {
    Op.LOCAL: _local,
    Op.STORE_LOCAL: _store_local,
    Op.CONST: _constant,
    Op.HANDLE: _handle,
    Op.FIELD: _field,
    Op.STORE_FIELD: _store_field,
    Op.STATIC: _static,
    Op.STORE_STATIC: _store_static,
    Op.LENGTH: _length,
    Op.ELEM: _elem,
    Op.STORE_ELEM: _store_elem,
    Op.NEG: _neg,
    Op.NOT: _not,
    Op.CAST: _cast,
    Op.LSH: _shift,
    Op.RSH: _shift,
    Op.BOUNDS: _bounds,
    Op.COMMA: _comma,
    Op.CALL: _call,
    Op.HELPER: _call,
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.AND, Op.OR, Op.XOR), _binary),
}
