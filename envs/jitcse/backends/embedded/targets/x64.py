"""x64: which code an operator becomes."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.emitter import Writes
from gymcc.envs.jitcse.backends.embedded.code.operands import Access, Reg
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES
from gymcc.envs.jitcse.backends.embedded.targets.x64_floats import X64Floats
from gymcc.envs.jitcse.backends.embedded.targets.x64_integers import X64Integers
from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type

_SIGNED = {Op.EQ: "e", Op.NE: "ne", Op.LT: "l", Op.LE: "le", Op.GT: "g", Op.GE: "ge"}
_ORDERED = {Op.EQ: "e", Op.NE: "ne", Op.GT: "a", Op.GE: "ae"}
_BINARY = frozenset({Op.ADD, Op.SUB, Op.AND, Op.OR, Op.XOR})
_SHIFTS = frozenset({Op.LSH, Op.RSH})
_DIVISIONS = frozenset({Op.DIV, Op.MOD})


class X64Lowering(X64Integers, X64Floats):
    """Instruction selection for x64, System V or Windows."""

    def operator(self, node: Node, into: Reg | None) -> Reg:
        op = node.op
        if op in COMPARISONS:
            return self._comparison(node, into)
        if op is Op.CAST:
            return self.cast(node, into)
        if node.type.floating:
            if op is Op.NEG:
                return self.float_negate(node, into)
            return self.float_remainder(node, into) if op is Op.MOD else self.float_binary(node, into)
        if op in _BINARY:
            return self.binary(node, into)
        if op in _SHIFTS:
            return self.shift(node, into)
        if op in _DIVISIONS:
            return self.divide(node, into)
        return self.multiply(node, into) if op is Op.MUL else self.unary(node, into)

    def writes_last(self, node: Node) -> bool:
        op = node.op
        if node.type.floating or op in COMPARISONS or op is Op.CAST or op in _DIVISIONS:
            return True
        return op in _SHIFTS and node.args[1].op is not Op.CONST

    def compare_and_jump(self, condition: Node) -> None:
        if condition.op not in COMPARISONS:
            self.compare_zero(condition)
            self.out.condition = "ne"
        elif condition.args[0].type.floating:
            self.out.condition = _ORDERED[self.compare_floats(condition)]
        else:
            self.out.condition = _SIGNED[self.compare(condition)]

    def _comparison(self, node: Node, into: Reg | None) -> Reg:
        """A comparison's value: setcc, widened."""
        floating = node.args[0].type.floating
        name = _ORDERED[self.compare_floats(node)] if floating else _SIGNED[self.compare(node)]
        to = into or self.out.temporary(Type.INT)
        self.out.emit(f"set{name}", CYCLES["set"][Access.NONE], 3, (to,), Writes.RESULT)
        self.out.emit("movzx", CYCLES["mov"][Access.NONE], 3, (to,), Writes.UPDATE)
        return to
