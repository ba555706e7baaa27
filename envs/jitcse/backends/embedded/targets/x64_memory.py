"""x64: addresses, loads, stores, moves and constants."""

from __future__ import annotations

from dataclasses import replace

from gymcc.envs.jitcse.backends.embedded.code.addresses import Addressing
from gymcc.envs.jitcse.backends.embedded.code.emitter import Hazard, Writes
from gymcc.envs.jitcse.backends.embedded.code.operands import Access, Fixed, Imm, Mem, Place, Reg
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.targets.x64_costs import (
    CYCLES,
    fits_immediate,
    immediate_bytes,
    is_wide,
    memory_bytes,
    move_bytes,
    move_costs,
)
from gymcc.envs.jitcse.ir import LOADS, Node, Op, Type


class X64Memory(Addressing):
    """What moves data."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, move_costs(machine))
        self.slot_bytes = memory_bytes(machine, Mem(Place.STACK))

    # Addresses

    def memory(self, place: Mem) -> Mem:
        """Widen a 32-bit index held by a local; scale by 16 with a shift."""
        index = place.index
        if index is None:
            return place
        if index.id >= 0 and (index.type is Type.INT or place.scale == 16):
            to = self.out.temporary(Type.LONG)
            self.move(Reg(to.id, index.type), index)
            index = to
        if place.scale == 16:
            self.out.emit("shl", CYCLES["shift"][Access.NONE], 4, (index, Imm("4")), Writes.UPDATE)
            return replace(place, index=index, scale=1)
        return replace(place, index=index)

    # Loads and stores

    def load(self, to: Reg | Fixed, memory: Mem) -> None:
        kind = to.type
        cycles = CYCLES["movaps" if kind.floating else "mov"][memory.place.read]
        size = move_bytes(kind) + memory_bytes(self.machine, memory)
        self.out.emit(move_name(kind), cycles, size, (to, memory), Writes.RESULT)

    def store(self, place: Mem, value: Node) -> None:
        kind = value.type
        constant = self._contained_constant(value)
        source = Imm(str(constant)) if constant is not None else self.evaluate(value)
        memory = self.memory(place)
        size = move_bytes(kind) + memory_bytes(self.machine, memory) + (4 if constant is not None else 0)
        cycles = CYCLES["movaps" if kind.floating else "mov"][memory.place.write]
        self.out.emit(move_name(kind), cycles, size, (memory, source))
        self.out.release(memory, source)

    def store_fixed(self, to: Mem, source: Fixed) -> None:
        size = move_bytes(source.type) + memory_bytes(self.machine, to)
        self.out.emit("mov", CYCLES["mov"][to.place.write], size, (to, source))

    def copy_struct(self, to: Mem, source: Mem) -> None:
        through = self.out.temporary(Type.SIMD)
        self.load(through, source)
        size = move_bytes(Type.SIMD) + memory_bytes(self.machine, to)
        self.out.emit("movups", CYCLES["movaps"][to.place.write], size, (to, through))
        self.out.release(through)

    def _contained_constant(self, value: Node) -> int | None:
        """The settled constant if an integer instruction can contain it."""
        payload = value.payload
        if value.op is Op.CONST and isinstance(payload, int) and fits_immediate(payload):
            return payload
        return None

    # Moves and constants

    def move(self, to: Reg | Fixed, source: Reg) -> None:
        kind = source.type
        timing = CYCLES["movaps" if kind.floating else "mov"]
        at_rest = timing[Access.NONE]
        in_memory = pack(timing[Access.READ_STACK] - at_rest, self.slot_bytes, 0, 1)
        name = "movaps" if kind.floating else "mov"
        self.out.emit(name, at_rest, move_bytes(kind), (to, source), Writes.RESULT, 1, in_memory)
        if isinstance(to, Reg) and not source.homeless:
            self.out.moved(to, pack(timing[Access.WRITE_STACK] - at_rest, self.slot_bytes, 0, 1))

    def constant(self, to: Reg | Fixed, node: Node) -> None:
        if node.type.floating:
            self._floating_constant(to, node)
            return
        value = node.payload
        assert isinstance(value, int)
        cycles = CYCLES["mov"][Access.NONE]
        text = Imm(f"handle_{value}" if node.op is Op.HANDLE else str(value))
        contained = node.op is Op.CONST and fits_immediate(value)
        if contained and value == 0:
            self.out.emit("xor", cycles, 2, (to,), Writes.RESULT)
        else:
            size = 5 if contained and not (is_wide(node.type) and value < 0) else 7 if contained else 10
            self.out.emit("mov", cycles, size, (to, text), Writes.RESULT)
        if contained and isinstance(to, Reg):
            stored = CYCLES["mov"][Access.WRITE_STACK] - cycles
            bytes_more = move_bytes(node.type) + self.slot_bytes + 4 - (2 if value == 0 else size)
            self.out.moved(to, pack(stored, max(0, bytes_more), 0, 1))

    def _floating_constant(self, to: Reg | Fixed, node: Node) -> None:
        if node.payload == 0:
            self.out.emit("xorps", CYCLES["logic"][Access.NONE], 4, (to,), Writes.RESULT)
            return
        name = "vbroadcastss" if node.type is Type.SIMD else move_name(node.type)
        self.out.emit(name, CYCLES["movaps"][Access.READ_CONSTANT], 8, (to, constant_place(node)), Writes.RESULT)

    # Operands

    def operand(self, node: Node) -> Reg | Mem | Imm:
        """A second operand: a constant, in memory, or in a register."""
        node = self.settle(node)
        constant = self._contained_constant(node)
        if constant is not None:
            return Imm(str(constant))
        if node.op is Op.CONST and node.type in (Type.FLOAT, Type.DOUBLE) and node.payload != 0:
            return constant_place(node)
        if node.op in LOADS:
            return self.memory(self.locate(node, Hazard.NONE))
        return self.evaluate(node)

    def with_operand(
        self,
        mnemonic: str,
        timing: str,
        size: int,
        registers: tuple[Reg | Fixed, ...],
        source: Reg | Mem | Imm,
        writes: Writes = Writes.UPDATE,
    ) -> None:
        """An instruction whose last operand may be any; ``size`` is without that operand's bytes."""
        costs = CYCLES[timing]
        operands = (*registers, source)
        if isinstance(source, Mem):
            size += memory_bytes(self.machine, source)
            self.out.emit(mnemonic, costs[source.place.read], size, operands, writes)
        elif isinstance(source, Imm):
            self.out.emit(mnemonic, costs[Access.NONE], size + immediate_bytes(int(source.text)), operands, writes)
        else:
            more = pack(costs[Access.READ_STACK] - costs[Access.NONE], self.slot_bytes, 0, 1)
            self.out.emit(mnemonic, costs[Access.NONE], size, operands, writes, len(registers), more)

    def call(self, name: Imm, helper: bool) -> None:
        self.out.call("call", CYCLES["call"][Access.NONE], 5 if helper else 6, name)


def constant_place(node: Node) -> Mem:
    """Where a floating-point constant lies."""
    return Mem(Place.CONSTANT, label=f"const_{node.payload}")


def move_name(kind: Type) -> str:
    """The mnemonic that loads or stores values of a type."""
    return {Type.FLOAT: "movss", Type.DOUBLE: "movsd", Type.SIMD: "movups"}.get(kind, "mov")
