"""Instruction selection for Arm. Operators write their target last, so that none needs its operands copied."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.emitter import Writes
from gymcc.envs.jitcse.backends.embedded.code.lowering import MIRRORED
from gymcc.envs.jitcse.backends.embedded.code.operands import Imm, Reg
from gymcc.envs.jitcse.backends.embedded.code.purity import hazard
from gymcc.envs.jitcse.backends.embedded.targets.arm64_memory import MAX_IMMEDIATE, Arm64Memory
from gymcc.envs.jitcse.ir import COMMUTATIVE, COMPARISONS, Node, Op, Type

_MNEMONICS = {
    Op.ADD: "add",
    Op.SUB: "sub",
    Op.AND: "and",
    Op.OR: "orr",
    Op.XOR: "eor",
    Op.LSH: "lsl",
    Op.RSH: "asr",
    Op.MUL: "mul",
    Op.DIV: "sdiv",
    Op.NEG: "neg",
    Op.NOT: "mvn",
}
_FLOATS = {Op.ADD: "fadd", Op.SUB: "fsub", Op.MUL: "fmul", Op.DIV: "fdiv", Op.NEG: "fneg"}
_DIVISIONS = {Type.FLOAT: "divs", Type.DOUBLE: "divd", Type.SIMD: "divv"}
_CONDITIONS = {Op.EQ: "eq", Op.NE: "ne", Op.LT: "lt", Op.LE: "le", Op.GT: "gt", Op.GE: "ge"}


class Arm64Lowering(Arm64Memory):
    """Instruction selection for arm64."""

    def update_in_place(self, local: Reg, value: Node) -> bool:
        return False  # any instruction can do that

    def writes_last(self, node: Node) -> bool:
        return True

    def operator(self, node: Node, into: Reg | None) -> Reg:
        op, floating = node.op, node.type.floating
        if op in COMPARISONS:
            return self._comparison(node, into)
        if op is Op.CAST:
            return self._cast(node, into)
        if op is Op.MOD and floating:
            return self.float_remainder(node, into)
        if op in (Op.DIV, Op.MOD) and not floating:
            return self._divide(node, into)
        if len(node.args) == 1:
            return self._apply(node, into, self.evaluate(node.args[0]))
        left, right = self._operands(node)
        return self._apply(node, into, left, right)

    def _operands(self, node: Node) -> tuple[Reg, Reg | Imm]:
        """Both arguments, the second perhaps as a constant."""
        left, right = node.args
        if node.op in COMMUTATIVE and left.op is Op.CONST:
            left, right = right, left
        left = self.settle(left)
        first = self.first_operand(left, hazard(right), None)
        second = self._second(node, right)
        return (self.evaluate(left) if first is None else first), second

    def _second(self, node: Node, right: Node) -> Reg | Imm:
        value = right.payload if right.op is Op.CONST else None
        if isinstance(value, int) and not right.type.floating and _contains(node.op, value):
            return Imm(str(value))
        return self.evaluate(right)

    def _apply(self, node: Node, into: Reg | None, left: Reg, right: Reg | Imm | None = None) -> Reg:
        """The instruction itself."""
        operands = (left,) if right is None else (left, right)
        self.out.release(*operands)
        to = into or self.out.temporary(node.type)
        name, timing = self._instruction(node, isinstance(right, Imm))
        self.emit(name, timing, (to, *operands))
        return to

    def _instruction(self, node: Node, constant: bool) -> tuple[str, str]:
        op = node.op
        if node.type.floating:
            timing = {Op.DIV: _DIVISIONS[node.type], Op.NEG: "fneg"}.get(op, "fadd")
            return _FLOATS[op], timing
        if op in (Op.LSH, Op.RSH):
            return _MNEMONICS[op], "shifted" if constant else "shift"
        return _MNEMONICS[op], "mul" if op is Op.MUL else "alu"

    # Division

    def _divide(self, node: Node, into: Reg | None) -> Reg:
        divisor = node.args[1].payload if node.args[1].op is Op.CONST else 0
        if isinstance(divisor, int) and divisor:
            return self._divide_by_constant(node, divisor, into)
        left, right = self._operands(node)
        assert isinstance(right, Reg)
        self.emit("cbz", "jump", (right, Imm("DIVBYZERO")), Writes.NOTHING)
        self.out.throws = True
        return self._quotient(node, left, right, into)

    def _quotient(self, node: Node, left: Reg, right: Reg, into: Reg | None) -> Reg:
        timing = "div32" if node.type is Type.INT else "div64"
        if node.op is Op.DIV:
            self.out.release(left, right)
            to = into or self.out.temporary(node.type)
            self.emit("sdiv", timing, (to, left, right))
            return to
        quotient = self.out.temporary(node.type)
        self.emit("sdiv", timing, (quotient, left, right))
        self.out.release(quotient, left, right)
        to = into or self.out.temporary(node.type)
        self.emit("msub", "msub32" if node.type is Type.INT else "msub64", (to, quotient, right, left))
        return to

    def _divide_by_constant(self, node: Node, divisor: int, into: Reg | None) -> Reg:
        """Hacker's Delight, chapter 10: a shift with rounding for powers of two, else a multiplication."""
        left, size = self.evaluate(node.args[0]), abs(divisor)
        quotient = self.out.temporary(node.type)
        sign = Imm("asr 63" if node.type is Type.LONG else "asr 31")
        if size & (size - 1) == 0:
            self.emit("and", "shifted", (quotient, left, sign))
            self.emit("add", "alu", (quotient, quotient, left))
            self.emit("asr", "shifted", (quotient, quotient, Imm(str(size.bit_length() - 1))))
        else:
            self.constant(quotient, Node(Op.CONST, node.type, (), 0x55555555 // size + 0x10000))
            self.emit("smulh", "mul" if node.type is Type.INT else "mulhi", (quotient, quotient, left))
            self.emit("asr", "shifted", (quotient, quotient, Imm("shift")))
            self.emit("add", "shifted", (quotient, quotient, left, sign))
        self.out.release(quotient, left)
        to = into or self.out.temporary(node.type)
        if node.op is Op.MOD:
            self.emit("msub", "msub32" if node.type is Type.INT else "msub64", (to, quotient, Imm(str(size)), left))
        elif divisor < 0 or to.id != quotient.id:
            self.emit("neg" if divisor < 0 else "mov", "alu", (to, quotient))
        return to

    # Comparisons

    def compare_and_jump(self, condition: Node) -> None:
        zero = condition.op in (Op.EQ, Op.NE) and condition.args[1].op is Op.CONST and condition.args[1].payload == 0
        if zero and condition.args[0].op is Op.AND:
            self._test(condition.args[0])
            self.out.condition = _CONDITIONS[condition.op]
        elif condition.op in COMPARISONS:
            self.out.condition = _CONDITIONS[self._compare(condition)]
        else:
            zero_constant = Node(Op.CONST, Type.INT, (), 0)
            self._compare(Node(Op.NE, Type.INT, (condition, zero_constant)))
            self.out.condition = "ne"

    def _test(self, conjunction: Node) -> None:
        left, right = self._operands(conjunction)
        self.emit("tst", "alu", (left, right), Writes.NOTHING)
        self.out.release(left, right)

    def _compare(self, node: Node) -> Op:
        """Set the flags; the comparison as the flags have it."""
        op = node.op
        if node.args[0].op is Op.CONST and node.args[1].op is not Op.CONST:
            node, op = Node(MIRRORED[op], node.type, node.args[::-1]), MIRRORED[op]
        left = self.settle(node.args[0])
        first = self.first_operand(left, hazard(node.args[1]), None)
        second = self._second(node, node.args[1])
        register = self.evaluate(left) if first is None else first
        floating = left.type.floating
        self.emit("fcmp" if floating else "cmp", "fcmp" if floating else "alu", (register, second), Writes.NOTHING)
        self.out.release(register, second)
        return op

    def _comparison(self, node: Node, into: Reg | None) -> Reg:
        op = self._compare(node)
        to = into or self.out.temporary(Type.INT)
        self.emit("cset", "alu", (to, Imm(_CONDITIONS[op])))
        return to

    def bounds(self, node: Node) -> None:
        self._compare(Node(Op.LT, Type.INT, node.args))
        self.emit("b.hs", "jump", (Imm("RNGCHKFAIL"),), Writes.NOTHING)
        self.out.throws = True

    # Casts

    def _cast(self, node: Node, into: Reg | None) -> Reg:
        source = self.evaluate(node.args[0])
        to_kind, from_kind = node.type, source.type
        name, timing = _cast_instruction(from_kind, to_kind)
        if not name and source.id < 0 and into is None:
            return source._replace(type=to_kind)
        self.out.release(source)
        to = into or self.out.temporary(to_kind)
        if name:
            self.emit(name, timing, (to, source))
        else:
            self.move(to, source._replace(type=to_kind))
        return to


def _cast_instruction(source: Type, to: Type) -> tuple[str, str]:
    """Mnemonic and timing, none if the bits stay."""
    if source.floating and to.floating:
        return ("", "") if source is to else ("fcvt", "fcvt")
    if source.floating:
        return "fcvtzs", "fcvtzs"  # saturates
    if to.floating:
        return "scvtf", "scvtf"
    return ("sxtw", "alu") if source is Type.INT and to is not Type.INT else ("", "")


def _contains(op: Op, value: int) -> bool:
    """Whether the instruction can contain the constant."""
    if op in (Op.LSH, Op.RSH):
        return True
    if op in (Op.AND, Op.OR, Op.XOR):  # a run of ones, shifted: the usual ones of the many that can be encoded
        run = value // (value & -value) + 1 if value > 0 else 0
        return run > 0 and run & (run - 1) == 0
    return op not in (Op.MUL, Op.DIV, Op.MOD) and 0 <= value <= MAX_IMMEDIATE
