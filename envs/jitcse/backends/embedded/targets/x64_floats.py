"""x64: floating point and vectors, and casts. VEX encodings have three operands, the last of which may be in memory."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.emitter import Writes
from gymcc.envs.jitcse.backends.embedded.code.lowering import MIRRORED
from gymcc.envs.jitcse.backends.embedded.code.operands import Access, Imm, Mem, Place, Reg
from gymcc.envs.jitcse.backends.embedded.code.purity import hazard
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES, is_wide
from gymcc.envs.jitcse.backends.embedded.targets.x64_integers import ordered
from gymcc.envs.jitcse.backends.embedded.targets.x64_memory import X64Memory
from gymcc.envs.jitcse.ir import LOADS, Node, Op, Type

_SUFFIX = {Type.FLOAT: "ss", Type.DOUBLE: "sd", Type.SIMD: "ps"}
_MNEMONICS = {Op.ADD: "vadd", Op.SUB: "vsub", Op.MUL: "vmul", Op.DIV: "vdiv"}
_NONE = Access.NONE
_VEX = 4  # bytes of an instruction between registers


class X64Floats(X64Memory):
    """Arithmetic on floats, doubles and vectors of four floats."""

    def float_binary(self, node: Node, into: Reg | None) -> Reg:
        """ADD, SUB, MUL, DIV."""
        left, right = ordered(node)
        left = self.settle(left)
        first = self.first_operand(left, hazard(right), None)
        second = self.operand(right)
        source = self.postponed(left) if first is None else first
        self.out.release(source, second)
        to = into or self.out.temporary(node.type)
        timing = "fadd" if node.op is not Op.DIV else "divd" if node.type is Type.DOUBLE else "divs"
        name = _MNEMONICS[node.op] + _SUFFIX[node.type]
        self.with_operand(name, timing, _VEX, (to, source), second, Writes.RESULT)
        return to

    def float_negate(self, node: Node, into: Reg | None) -> Reg:
        """NEG: flip the sign bits."""
        source = self.evaluate(node.args[0])
        self.out.release(source)
        to = into or self.out.temporary(node.type)
        signs = Mem(Place.CONSTANT, label="signs")
        self.with_operand("vxorps", "logic", _VEX, (to, source), signs, Writes.RESULT)
        return to

    def compare_floats(self, node: Node) -> Op:
        """Set the flags for a comparison; the comparison as the flags have it. Equality takes a jump on unordered."""
        op = node.op
        left, right = node.args
        if op in (Op.LT, Op.LE) or (op in (Op.EQ, Op.NE) and left.op in LOADS and right.op is Op.LOCAL):
            left, right, op = right, left, MIRRORED[op]  # "above" is false for unordered operands
        left = self.settle(left)
        first = self.first_operand(left, hazard(right), None)
        second = self.operand(right)
        register = self.postponed(left) if first is None else first
        name = "vucomi" + _SUFFIX[node.args[0].type]
        self.with_operand(name, "ucomis", _VEX, (register,), second, Writes.NOTHING)
        self.out.release(register, second)
        if op in (Op.EQ, Op.NE):
            self.out.emit("jp", CYCLES["jcc"][_NONE], 2, (Imm("unordered"),))
        return op

    # Casts

    def cast(self, node: Node, into: Reg | None) -> Reg:
        """CAST between any two numbers."""
        value = self.settle(node.args[0])
        if value.type.floating:
            return self._from_float(node.type, value, into)
        if node.type.floating:
            return self._int_to_float(node.type, value, into)
        return self._between_integers(node.type, value, into)

    def _between_integers(self, kind: Type, value: Node, into: Reg | None) -> Reg:
        source = self.operand(value)
        if isinstance(source, Imm):
            source = self.evaluate(value)
        if is_wide(value.type) == is_wide(kind) or not is_wide(kind):
            return self._reinterpreted(kind, source, into)
        self.out.release(source)
        to = into or self.out.temporary(kind)
        self.with_operand("movsxd", "movsxd", 3, (to,), source, Writes.RESULT)
        return to

    def _reinterpreted(self, kind: Type, source: Reg | Mem, into: Reg | None) -> Reg:
        """The same bits, or the lower half of them."""
        if isinstance(source, Reg) and source.id < 0 and into is None:
            return source._replace(type=kind)
        self.out.release(source)
        to = into or self.out.temporary(kind)
        if isinstance(source, Mem):
            self.load(to, source)
        else:
            self.move(to, source._replace(type=kind))
        return to

    def _int_to_float(self, kind: Type, value: Node, into: Reg | None) -> Reg:
        """The upper half of the target is cleared first, so that it is no operand."""
        source = self.operand(value)
        if isinstance(source, Imm):
            source = self.evaluate(value)
        self.out.release(source)
        to = into or self.out.temporary(kind)
        self.out.emit("vxorps", CYCLES["logic"][_NONE], _VEX, (to,), Writes.RESULT)
        size = _VEX + is_wide(value.type)
        self.with_operand("vcvtsi2" + _SUFFIX[kind], "cvtint", size, (to,), source, Writes.UPDATE)
        return to

    def _from_float(self, kind: Type, value: Node, into: Reg | None) -> Reg:
        if kind is value.type:
            return self.evaluate(value, into)
        if not kind.floating:
            return self._float_to_int(kind, value, into)
        source = self.operand(value)
        self.out.release(source)
        to = into or self.out.temporary(kind)
        name = "vcvtsd2ss" if kind is Type.FLOAT else "vcvtss2sd"
        assert not isinstance(source, Imm)
        self.with_operand(name, "cvt", _VEX, (to,), source, Writes.RESULT)
        return to

    def _float_to_int(self, kind: Type, value: Node, into: Reg | None) -> Reg:
        """Saturating: nan becomes 0, what is too large the largest integer."""
        source = self.evaluate(value)
        fixed = self.out.temporary(value.type)
        suffix = _SUFFIX[value.type]
        self.out.emit("vcmpord" + suffix, CYCLES["fadd"][_NONE], 5, (fixed, source, source), Writes.RESULT)
        self.out.emit("vandps", CYCLES["logic"][_NONE], _VEX, (fixed, fixed, source), Writes.RESULT)
        self.out.release(source)
        limit = Mem(Place.CONSTANT, label="limit")
        self.with_operand("vucomi" + suffix, "ucomis", _VEX, (fixed,), limit, Writes.NOTHING)
        to = into or self.out.temporary(kind)
        size = _VEX + is_wide(kind)
        self.with_operand(f"vcvtt{suffix}2si", "cvtint", size, (to,), fixed, Writes.RESULT)
        self.out.release(fixed)
        largest = Mem(Place.CONSTANT, label="largest")
        self.with_operand("cmovae", "cmp", 3 + is_wide(kind), (to,), largest, Writes.UPDATE)
        return to
