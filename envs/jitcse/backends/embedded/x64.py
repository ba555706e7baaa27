"""x64: which code an operator becomes."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.emitter import Writes
from gymcc.envs.jitcse.backends.embedded.operands import Access, Reg
from gymcc.envs.jitcse.backends.embedded.x64_costs import CYCLES
from gymcc.envs.jitcse.backends.embedded.x64_floats import X64Floats
from gymcc.envs.jitcse.backends.embedded.x64_integers import X64Integers
from gymcc.envs.jitcse.ir import COMPARISONS, Node, Op, Type

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
        elif condition.args[0].type.floating:
            self.compare_floats(condition)
        else:
            self.compare(condition)

    def _comparison(self, node: Node, into: Reg | None) -> Reg:
        """A comparison's value: setcc, widened."""
        op = self.compare_floats(node) if node.args[0].type.floating else self.compare(node)
        to = into or self.out.temporary(Type.INT)
        self.out.emit(f"set{op.value}", CYCLES["set"][Access.NONE], 3, (to,), Writes.RESULT)
        self.out.emit("movzx", CYCLES["mov"][Access.NONE], 3, (to,), Writes.UPDATE)
        return to
