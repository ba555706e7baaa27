"""From a statement's tree to instructions: what all targets share.

Trees are evaluated in order, each node's value in a register, but for what an instruction can contain: constants, and
loads by the instruction that uses them. Reads of locals cost nothing and are made by the instruction that uses them.
As in RyuJIT's lower.cpp, an operand is contained only if nothing that could change it happens in between.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from gymcc.envs.jitcse.backends.embedded.code.emitter import Emitter, Hazard
from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.code.operands import FIRST_EXTRA, SCRATCH, Fixed, Imm, Mem, Place, Reg
from gymcc.envs.jitcse.backends.embedded.code.purity import divides, hazard, mentions, pure
from gymcc.envs.jitcse.backends.embedded.code.statement import Code
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.ir import LOADS, Node, Op, Type

_POSTPONED = frozenset({Op.LOCAL, Op.CONST, Op.HANDLE})  # evaluated by whoever uses them
_ONE_STEP = LOADS | _POSTPONED | {Op.CALL, Op.HELPER}  # write their target last of all
MIRRORED = {Op.LT: Op.GT, Op.GT: Op.LT, Op.LE: Op.GE, Op.GE: Op.LE, Op.EQ: Op.EQ, Op.NE: Op.NE}
_CALLS = frozenset({Op.CALL, Op.HELPER})


class Lowering(ABC):
    """Makes :class:`Code` of statements, one after the other."""

    def __init__(self, machine: Machine, moves: MoveCosts) -> None:
        self.machine = machine
        self.moves = moves
        self.out = Emitter(machine, moves)
        self.dead = 0

    def lower(self, statement: Node, dead: int = 0, recording: bool = False) -> Code:
        """The code of one statement; its instructions are kept if ``recording``.

        What it stores to locals of the bit mask ``dead``, which nobody reads, is only done for its effects.
        """
        self.dead = dead
        self.out.recording = recording
        self.out.begin()
        self._effects(statement)
        return self.out.end()

    # Statements and effects

    def _effects(self, node: Node) -> None:
        """Do what the tree does, without a need for its value."""
        op = node.op
        if op is Op.STORE_LOCAL:
            self._store_local(node)
        elif node.type is not Type.VOID and pure(node):
            return
        elif op is Op.COMMA:
            self._effects(node.args[0])
            self._effects(node.args[1])
        elif op in _STATEMENTS:
            _STATEMENTS[op](self, node)
        elif divides(node):  # which may throw
            self.out.release(self.evaluate(node))
        else:
            for arg in node.args:
                self._effects(arg)

    def settle(self, node: Node) -> Node:
        """Do what comes before a value; what is left to evaluate."""
        while node.op is Op.COMMA:
            self._effects(node.args[0])
            node = node.args[1]
        return node

    def _store_local(self, node: Node) -> None:
        assert isinstance(node.payload, int)
        if self.dead >> node.payload & 1:
            self._effects(node.args[0])
            return
        value = self.settle(node.args[0])
        local = Reg(node.payload, value.type)
        if value.op is Op.LOCAL and value.payload == local.id:
            return
        if value.type is Type.STRUCT:
            self._store_struct(Mem(Place.STACK, local=local.id), value)
        elif self.update_in_place(local, value):
            return
        else:
            if value.op in _ONE_STEP or self.writes_last(value) or not mentions(value, local.id):
                self.evaluate(value, local)
            else:
                result = self.evaluate(value)
                self.move(local, result)
                self.out.release(result)
            self.out.finish(local)

    def _store(self, node: Node) -> None:
        value = node.args[-1]
        place = self.locate(node, hazard(value))
        value = self.settle(value)
        if value.type is Type.STRUCT:
            self._store_struct(place, value)
        else:
            self.store(place, value)

    def _return(self, node: Node) -> None:
        if not node.args:
            return
        value = self.settle(node.args[0])
        if value.type is Type.STRUCT:
            self._load_words(value, self.machine.integer.scratch)
            return
        result = Reg(SCRATCH[value.type.floating][0], value.type)
        found = self.evaluate(value)
        if found != result:
            self.move(result, found)

    def _branch(self, node: Node) -> None:
        self.compare_and_jump(self.settle(node.args[0]))

    def _call_for_effect(self, node: Node) -> None:
        self._call(node)

    def _check_bounds(self, node: Node) -> None:
        self.bounds(node)

    # Values

    def evaluate(self, node: Node, into: Reg | None = None) -> Reg:
        """The tree's value in a register: ``into`` if given, a local's own, or a temporary the caller must release."""
        node = self.settle(node)
        op = node.op
        if op is Op.LOCAL:
            assert isinstance(node.payload, int)
            source = Reg(node.payload, node.type)
            return source if into is None else self._moved(into, source)
        if op in _CALLS:
            self._call(node)
            return self.take_result(node.type, into)
        if op in LOADS:
            memory = self.memory(self.locate(node, Hazard.NONE))
            self.out.release(memory)
            to = into or self.out.temporary(node.type)
            self.load(to, memory)
            return to
        if op in _POSTPONED:
            to = into or self.out.temporary(node.type)
            self.constant(to, node)
            return to
        return self.operator(node, into)

    def hold(self, node: Node, danger: Hazard) -> Reg:
        """The value of a settled tree in a register that survives ``danger``."""
        if node.op is Op.LOCAL or danger is Hazard.NONE:
            return self.evaluate(node)
        return self.evaluate(node, self.out.temporary(node.type, danger))

    def first_operand(self, node: Node, danger: Hazard, into: Reg | None) -> Reg | None:
        """The value of a settled first operand, accumulated in ``into`` if that survives; None if postponed."""
        if node.op in _POSTPONED:
            return None
        if into is not None and self._survives(into, danger):
            return self.evaluate(node, into)
        return self.hold(node, danger)

    def postponed(self, node: Node) -> Reg:
        """The value of a first operand that was postponed."""
        return self.evaluate(node)

    def _survives(self, reg: Reg, danger: Hazard) -> bool:
        if reg.id <= FIRST_EXTRA:
            return danger is not Hazard.CALL or bool(self.out.extras[FIRST_EXTRA - reg.id].crossing)
        return danger is Hazard.NONE or (danger is Hazard.DIVISION and (reg.id >= 0 or reg.type.floating))

    def _moved(self, to: Reg, source: Reg) -> Reg:
        if to.id != source.id:
            self.move(to, source)
        return to

    def take_result(self, kind: Type, into: Reg | None) -> Reg:
        """The result of the call just made."""
        result = Reg(SCRATCH[kind.floating][0], kind)
        to = into or self.out.temporary(kind)
        return self._moved(to, result)

    # Calls

    def _call(self, node: Node) -> None:
        registers = self.machine.argument_registers(tuple([arg.type for arg in node.args]))
        waiting: list[tuple[str, Node | Reg]] = []
        outgoing = 0
        for position, (arg, register) in enumerate(zip(node.args, registers, strict=True)):
            later = node.args[position + 1 :]
            value = self.settle(arg)
            if register is None:
                outgoing += self._push(value, outgoing)
            elif self._can_wait(value, later):
                waiting.append((register, value))
            else:
                waiting.append((register, self.hold(value, hazard(*later))))
        for register, passed in waiting:
            self._pass(register, passed)
        self.call(Imm(str(node.payload)), node.op is Op.HELPER)

    def float_remainder(self, node: Node, into: Reg | None) -> Reg:
        """MOD: a call of the C library's fmod."""
        left, right = node.args
        names = self.machine.floating.arguments
        first = self.hold(self.settle(left), hazard(right))
        second = self.evaluate(right)
        for name, source in zip(names, (first, second), strict=False):
            self.move(Fixed(name, node.type), source)
        self.out.release(first, second)
        self.call(Imm("fmod"), True)
        return self.take_result(node.type, into)

    def _can_wait(self, value: Node, later: tuple[Node, ...]) -> bool:
        """Whether an argument can be put straight into its register when all others have been evaluated."""
        if value.op in _POSTPONED:
            return True
        if value.type is Type.STRUCT and value.op not in LOADS:
            return False
        leaf = all(part.op is Op.LOCAL for part in value.args)
        return value.op in (Op.FIELD, Op.LENGTH, Op.STATIC) and leaf and all(map(pure, later))

    def _pass(self, register: str, value: Node | Reg) -> None:
        if isinstance(value, Reg):
            self.move(Fixed(register, value.type), value)
            self.out.release(value)
        elif value.type is Type.STRUCT:
            self._load_words(value, (register, register))
        elif value.op is Op.LOCAL:
            assert isinstance(value.payload, int)
            self.move(Fixed(register, value.type), Reg(value.payload, value.type))
        elif value.op in _POSTPONED:
            self.constant(Fixed(register, value.type), value)
        else:
            memory = self.memory(self.locate(value, Hazard.NONE))
            self.out.release(memory)
            self.load(Fixed(register, value.type), memory)

    def _push(self, value: Node, offset: int) -> int:
        """Pass a settled argument on the stack; its bytes."""
        place = Mem(Place.STACK, offset=offset, label="arguments")
        if value.type is Type.STRUCT:
            self._store_struct(place, value)
            return 16
        self.store(place, value)
        return 8

    # Structs: two words, always in memory

    def _store_struct(self, place: Mem, value: Node) -> None:
        if value.op in _CALLS:
            self._call(value)
            with self.out.scratch_kept():
                to = self.memory(place)
            for name in self._words(self.machine.integer.scratch):
                self.store_fixed(to, Fixed(name, Type.LONG))
        else:
            source = self._struct_place(value)
            to = self.memory(place)
            self.copy_struct(to, source)
            self.out.release(source)
        self.out.release(to)

    def _load_words(self, value: Node, names: tuple[str, str]) -> None:
        """Both words of a settled struct into registers; a call's result is there already."""
        if value.op in _CALLS:
            self._call(value)
            return
        source = self._struct_place(value)
        for name in self._words(names):
            self.load(Fixed(name, Type.LONG), source)
        self.out.release(source)

    def _words(self, names: tuple[str, str]) -> tuple[str, ...]:
        return names[: self.machine.argument_words(Type.STRUCT)]

    def _struct_place(self, value: Node) -> Mem:
        if value.op is Op.LOCAL:
            assert isinstance(value.payload, int)
            return Mem(Place.STACK, local=value.payload)
        return self.memory(self.locate(value, Hazard.NONE))

    # What a target must say

    @abstractmethod
    def update_in_place(self, local: Reg, value: Node) -> bool:
        """Make ``local = local op something`` one instruction on the local, if that is possible; whether it was."""

    @abstractmethod
    def locate(self, access: Node, danger: Hazard) -> Mem:
        """Evaluate the address of a load or store, in registers that survive ``danger``."""

    @abstractmethod
    def memory(self, place: Mem) -> Mem:
        """The address as one instruction can use it, at once."""

    @abstractmethod
    def load(self, to: Reg | Fixed, memory: Mem) -> None:
        """Load."""

    @abstractmethod
    def store(self, place: Mem, value: Node) -> None:
        """Store a settled value and release the place."""

    @abstractmethod
    def store_fixed(self, to: Mem, source: Fixed) -> None:
        """Store a register that the calling convention names."""

    @abstractmethod
    def copy_struct(self, to: Mem, source: Mem) -> None:
        """Copy two words."""

    @abstractmethod
    def move(self, to: Reg | Fixed, source: Reg) -> None:
        """Copy a register."""

    @abstractmethod
    def constant(self, to: Reg | Fixed, node: Node) -> None:
        """Load a constant or an address."""

    @abstractmethod
    def operator(self, node: Node, into: Reg | None) -> Reg:
        """Evaluate arithmetic, a comparison or a cast."""

    @abstractmethod
    def writes_last(self, node: Node) -> bool:
        """Whether an operator writes its target only after its operands' last use."""

    @abstractmethod
    def compare_and_jump(self, condition: Node) -> None:
        """Set the flags for a settled condition; the jump itself belongs to the block's end."""

    @abstractmethod
    def bounds(self, node: Node) -> None:
        """Check an index."""

    @abstractmethod
    def call(self, name: Imm, helper: bool) -> None:
        """Call, the arguments being in place."""


_STATEMENTS = {
    Op.STORE_FIELD: Lowering._store,
    Op.STORE_STATIC: Lowering._store,
    Op.STORE_ELEM: Lowering._store,
    Op.BRANCH: Lowering._branch,
    Op.RETURN: Lowering._return,
    Op.CALL: Lowering._call_for_effect,
    Op.HELPER: Lowering._call_for_effect,
    Op.BOUNDS: Lowering._check_bounds,
}
