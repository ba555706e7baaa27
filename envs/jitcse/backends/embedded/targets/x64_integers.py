"""x64: integer arithmetic, comparisons and bounds checks.

Arithmetic has two operands: the first is copied if it must survive, the second may be a constant or in memory.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.emitter import Hazard, Writes
from gymcc.envs.jitcse.backends.embedded.code.lowering import MIRRORED
from gymcc.envs.jitcse.backends.embedded.code.operands import SCRATCH, Access, Fixed, Imm, Mem, Place, Reg
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.code.purity import divides, hazard, mentions
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import CYCLES, immediate_bytes, is_wide, memory_bytes
from gymcc.envs.jitcse.backends.embedded.targets.x64_memory import X64Memory
from gymcc.envs.jitcse.ir import COMMUTATIVE, LOADS, Node, Op, Type

_MNEMONICS = {Op.ADD: "add", Op.SUB: "sub", Op.AND: "and", Op.OR: "or", Op.XOR: "xor"}
_LEAVES = (Op.LOCAL, Op.CONST)
_NONE = Access.NONE
_EASY_FACTORS = (3, 5, 9)


class X64Integers(X64Memory):
    """Arithmetic on 32 and 64 bits."""

    # Two operands

    def binary(self, node: Node, into: Reg | None) -> Reg:
        """ADD, SUB, AND, OR, XOR."""
        left, right = ordered(node)
        left = self.settle(left)
        first = self.first_operand(left, hazard(right), into)
        source = self.operand(right)
        if first is None and node.op is Op.ADD and left.op is Op.LOCAL and not isinstance(source, Mem):
            return self._sum_elsewhere(self.postponed(left), source, into)
        to = self._target(first, left, into)
        self._arithmetic(node, to, source)
        self.out.release(source)
        return to

    def _target(self, first: Reg | None, left: Node, into: Reg | None) -> Reg:
        """A register that holds the first operand and may be overwritten."""
        if first is not None and first.id < 0 and into is None:
            return first
        to = into or self.out.temporary(left.type)
        if first is None:
            self.evaluate(left, to)
        elif first.id != to.id:
            self.move(to, first)
            self.out.release(first)
        return to

    def _arithmetic(self, node: Node, to: Reg, source: Reg | Mem | Imm) -> None:
        size = 2 + is_wide(node.type)
        if step := _step_by_one(node.op, source):
            self.out.emit(step, CYCLES["unary"][_NONE], size, (to,), Writes.UPDATE)
        else:
            self.with_operand(_MNEMONICS[node.op], "alu", size, (to,), source)

    def _sum_elsewhere(self, left: Reg, source: Reg | Imm, into: Reg | None) -> Reg:
        """A sum that leaves its operands alone: lea."""
        if isinstance(source, Imm):
            value = int(source.text)
            address = Mem(Place.GENERAL, left, offset=value)
            size = immediate_bytes(value)
        else:
            address = Mem(Place.GENERAL, left, source)
            size = 1
        self.out.release(source)
        to = into or self.out.temporary(left.type)
        self.out.emit("lea", CYCLES["lea"][_NONE], 2 + is_wide(left.type) + size, (to, address), Writes.RESULT)
        return to

    def multiply(self, node: Node, into: Reg | None) -> Reg:
        """MUL; by a constant with three operands, a shift or lea."""
        left, right = ordered(node)
        left, right = self.settle(left), right
        factor = right.payload if right.op is Op.CONST else None
        if isinstance(factor, int) and (factor > 1 and factor & (factor - 1) == 0):
            return self._shifted(left, "shl", factor.bit_length() - 1, into)
        wide = is_wide(node.type)
        if isinstance(factor, int) and factor in _EASY_FACTORS:
            source = self.evaluate(left)
            self.out.release(source)
            to = into or self.out.temporary(node.type)
            address = Mem(Place.GENERAL, source, source, factor - 1)
            self.out.emit("lea", CYCLES["lea"][_NONE], 3 + wide, (to, address), Writes.RESULT)
            return to
        constant = self._contained_constant(right)
        if constant is not None:
            operand = self.operand(left)
            self.out.release(operand)
            to = into or self.out.temporary(node.type)
            self._multiply_by(to, operand, constant, wide)
            return to
        first = self.first_operand(left, hazard(right), into)
        second = self.operand(right)
        to = self._target(first, left, into)
        self.with_operand("imul", "imul", 3 + wide, (to,), second)
        self.out.release(second)
        return to

    def _multiply_by(self, to: Reg, operand: Reg | Mem | Imm, constant: int, wide: bool) -> None:
        size = 2 + wide + immediate_bytes(constant)
        if isinstance(operand, Imm):
            self.constant(to, Node(Op.CONST, to.type, (), int(operand.text)))
            self.out.emit("imul", CYCLES["imul"][_NONE], size, (to, Imm(str(constant))), Writes.UPDATE)
        else:
            self.with_operand(f"imul {constant},", "imul", size, (to,), operand, Writes.RESULT)

    # One operand and shifts

    def unary(self, node: Node, into: Reg | None) -> Reg:
        """NEG and NOT."""
        to = self._copy(self.settle(node.args[0]), into)
        name = "neg" if node.op is Op.NEG else "not"
        self.out.emit(name, CYCLES["unary"][_NONE], 2 + is_wide(node.type), (to,), Writes.UPDATE)
        return to

    def _copy(self, node: Node, into: Reg | None) -> Reg:
        """A settled tree's value where it may be overwritten."""
        return self._target(self.first_operand(node, Hazard.NONE, into), node, into)

    def shift(self, node: Node, into: Reg | None) -> Reg:
        """LSH and RSH: by a constant in place, else shlx and sarx."""
        value, count = node.args
        name = "shl" if node.op is Op.LSH else "sar"
        if count.op is Op.CONST and isinstance(count.payload, int):
            by = count.payload % (64 if is_wide(node.type) else 32)
            return self._shifted(self.settle(value), name, by, into)
        value = self.settle(value)
        first = self.first_operand(value, hazard(count), None)
        times = self.evaluate(count)
        source = self.postponed(value) if first is None else first
        self.out.release(source, times)
        to = into or self.out.temporary(node.type)
        costs = CYCLES["shlx"]
        more = pack(costs[Access.READ_STACK] - costs[_NONE], self.slot_bytes, 0, 1)
        self.out.emit(name + "x", costs[_NONE], 5, (to, source, times), Writes.RESULT, 1, more)
        return to

    def _shifted(self, value: Node, name: str, by: int, into: Reg | None) -> Reg:
        to = self._copy(value, into)
        size = 2 + is_wide(value.type) + (by != 1)
        self.out.emit(name, CYCLES["shift"][_NONE], size, (to, Imm(str(by))), Writes.UPDATE)
        return to

    def update_in_place(self, local: Reg, value: Node) -> bool:
        if value.op not in _MNEMONICS or value.type.floating:
            return False
        left, right = value.args
        if value.op in COMMUTATIVE and right.op is Op.LOCAL and right.payload == local.id and left.op in _LEAVES:
            left, right = right, left
        if left.op is not Op.LOCAL or left.payload != local.id or mentions(right, local.id):
            return False
        source = self.operand(right)
        if isinstance(source, Mem):
            self.with_operand(_MNEMONICS[value.op], "alu", 2 + is_wide(value.type), (local,), source, Writes.NOTHING)
            self.out.finish(local)
        else:
            self._modify(value, local, source)
        self.out.release(source)
        return True

    def _modify(self, value: Node, local: Reg, source: Reg | Imm) -> None:
        size, step = 2 + is_wide(value.type), _step_by_one(value.op, source)
        costs = CYCLES["unary" if step else "alu"]
        more = pack(costs[Access.MODIFY_STACK] - costs[_NONE], self.slot_bytes, 0, 1)
        if step:
            self.out.modify(step, costs[_NONE], size, (local,), more)
            return
        if isinstance(source, Imm):
            size += immediate_bytes(int(source.text))
        self.out.modify(_MNEMONICS[value.op], costs[_NONE], size, (local, source), more)

    # Division

    def divide(self, node: Node, into: Reg | None) -> Reg:
        """DIV and MOD: rdx:rax by anything, or multiplication and shifts if the divisor is a constant."""
        if not divides(node):
            return self._divide_by_constant(node, into)
        left, right = node.args
        left = self.settle(left)
        first = self.first_operand(left, max(hazard(right), Hazard.DIVISION), None)
        divisor = self._divisor(right)
        source = self.postponed(left) if first is None else first
        self.move(Fixed(self.machine.integer.scratch[0], node.type), source)
        wide = is_wide(node.type)
        self.out.emit("cqo" if wide else "cdq", CYCLES["set"][_NONE], 1 + wide)
        self.with_operand("idiv", "idiv64" if wide else "idiv32", 2 + wide, (), divisor, Writes.NOTHING)
        self.out.release(source, divisor)
        return self._take_scratch(node, into, 0 if node.op is Op.DIV else 1)

    def _divisor(self, right: Node) -> Reg | Mem:
        with self.out.scratch_kept():
            divisor = self.operand(right)
            return self.evaluate(right) if isinstance(divisor, Imm) else divisor  # a constant: division by 0

    def _take_scratch(self, node: Node, into: Reg | None, which: int) -> Reg:
        """The quotient or remainder, which lies in a scratch register."""
        found = Reg(SCRATCH[False][which], node.type)
        if into is None and not self.out.floor and found.id not in self.out.busy:
            self.out.busy.add(found.id)
            return found
        to = into or self.out.temporary(node.type)
        if to.id != found.id:
            self.move(to, found)
        return to

    def _divide_by_constant(self, node: Node, into: Reg | None) -> Reg:
        """Hacker's Delight, chapter 10: a shift with rounding for powers of two, else a multiplication."""
        divisor = node.args[1].payload
        assert isinstance(divisor, int)
        size, shift = abs(divisor), CYCLES["shift"][_NONE]
        source = self.evaluate(node.args[0])
        to, wide = self.out.temporary(node.type), is_wide(node.type)
        if size & (size - 1) == 0:
            self.move(to, source)
            self._step("sar", shift, 3 + wide, to, Imm("63" if wide else "31"))
            self._step("and", CYCLES["alu"][_NONE], 6, to, Imm(str(size - 1)))
            self._step("add", CYCLES["alu"][_NONE], 2 + wide, to, source)
            self._step("sar", shift, 3 + wide, to, Imm(str(size.bit_length() - 1)))
        else:
            self._divide_by_magic(to, source, size)
        if node.op is Op.MOD:
            self._remainder(to, source, size, wide)
        elif divisor < 0:
            self.out.emit("neg", CYCLES["unary"][_NONE], 2 + wide, (to,), Writes.UPDATE)
        self.out.release(source)
        if into is None:
            return to
        self.move(into, to)
        self.out.release(to)
        return into

    def _divide_by_magic(self, to: Reg, source: Reg, divisor: int) -> None:
        wide = is_wide(to.type)
        self.out.emit("mov", CYCLES["mov"][_NONE], 10 if wide else 5, (to, Imm(f"magic_{divisor}")), Writes.RESULT)
        self._step("mulhi", CYCLES["mulhi"][_NONE], 3 + wide, to, source)
        self._step("sar", CYCLES["shift"][_NONE], 3 + wide, to, Imm("shift"))
        sign = self.out.temporary(to.type)
        self.move(sign, source)
        self._step("shr", CYCLES["shift"][_NONE], 3 + wide, sign, Imm("63" if wide else "31"))
        self._step("add", CYCLES["alu"][_NONE], 2 + wide, to, sign)
        self.out.release(sign)

    def _remainder(self, quotient: Reg, dividend: Reg, divisor: int, wide: bool) -> None:
        """Dividend - quotient * divisor."""
        self._step("imul", CYCLES["imul"][_NONE], 6 + wide, quotient, Imm(str(divisor)))
        self._step("sub", CYCLES["alu"][_NONE], 2 + wide, quotient, dividend)
        self.out.emit("neg", CYCLES["unary"][_NONE], 2 + wide, (quotient,), Writes.UPDATE)

    def _step(self, name: str, cycles: int, size: int, to: Reg, source: Reg | Imm) -> None:
        self.out.emit(name, cycles, size, (to, source), Writes.UPDATE)

    # Comparisons

    def compare(self, node: Node) -> Op:
        """Set the flags for a comparison of integers; the comparison as the flags have it."""
        op = node.op
        left, right = node.args
        if (left.op is Op.CONST and right.op is not Op.CONST) or (left.op in LOADS and right.op is Op.LOCAL):
            left, right, op = right, left, MIRRORED[op]
        wide, zero = is_wide(left.type), right.op is Op.CONST and right.payload == 0
        left = self.settle(left)
        if zero and left.op is Op.AND and op in (Op.EQ, Op.NE):
            self._test(left)
            return op
        if left.op in LOADS and self._contained_constant(right) is not None:
            self._compare_memory(self.memory(self.locate(left, Hazard.NONE)), right, wide)
            return op
        first = self.first_operand(left, hazard(right), None)
        source = self.operand(right)
        register = self.postponed(left) if first is None else first
        if isinstance(source, Imm):
            self._compare_constant(register, int(source.text), wide)
        else:
            self.with_operand("cmp", "cmp", 2 + wide, (register,), source, Writes.NOTHING)
        self.out.release(register, source)
        return op

    def _test(self, conjunction: Node) -> None:
        left, right = ordered(conjunction)
        left = self.settle(left)
        first = self.first_operand(left, hazard(right), None)
        source = self.operand(right)
        register = self.postponed(left) if first is None else first
        size = 2 + is_wide(conjunction.type)
        if isinstance(source, Imm):
            size += 4 - immediate_bytes(int(source.text))  # no form with a short constant
        self.with_operand("test", "cmp", size, (register,), source, Writes.NOTHING)
        self.out.release(register, source)

    def _compare_memory(self, memory: Mem, constant: Node, wide: bool) -> None:
        value = self._contained_constant(constant)
        assert value is not None
        size = 2 + wide + memory_bytes(self.machine, memory) + immediate_bytes(value)
        self.out.emit("cmp", CYCLES["cmp"][memory.place.read], size, (memory, Imm(str(value))))
        self.out.release(memory)

    def _compare_constant(self, register: Reg, value: int, wide: bool) -> None:
        costs = CYCLES["cmp"]
        more = pack(costs[Access.READ_STACK] - costs[_NONE], self.slot_bytes + (value == 0), 0, 1)
        if value == 0:
            self.out.emit("test", costs[_NONE], 2 + wide, (register,), flexible=0, in_memory=more)
        else:
            size = 2 + wide + immediate_bytes(value)
            self.out.emit("cmp", costs[_NONE], size, (register, Imm(str(value))), flexible=0, in_memory=more)

    def compare_zero(self, condition: Node) -> None:
        """Set the flags for whether a settled integer is 0."""
        if condition.op is Op.AND:
            self._test(condition)
        else:
            self.compare(Node(Op.NE, Type.INT, (condition, Node(Op.CONST, Type.INT, (), 0))))

    def bounds(self, node: Node) -> None:
        index, length = node.args
        self.compare(Node(Op.LT, Type.INT, (index, length)))
        self.out.emit("jae", CYCLES["jcc"][_NONE], 6, (Imm("RNGCHKFAIL"),))
        self.out.throws = True


def ordered(node: Node) -> tuple[Node, Node]:
    """The arguments with the one second that an instruction contains best, where they may change places."""
    left, right = node.args
    if node.op not in COMMUTATIVE or left.op is right.op:
        return left, right
    computed = right.op not in _LEAVES and right.op not in LOADS
    if left.op is Op.CONST or (left.op is Op.LOCAL and computed) or (left.op in LOADS and right.op is Op.LOCAL):
        return right, left
    return left, right


def _step_by_one(op: Op, source: Reg | Mem | Imm) -> str:
    """Inc or dec if that is what adding or subtracting the constant comes to."""
    if not isinstance(source, Imm) or op not in (Op.ADD, Op.SUB) or source.text not in ("1", "-1"):
        return ""
    return "inc" if (op is Op.ADD) == (source.text == "1") else "dec"
