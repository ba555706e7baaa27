"""Arm: addresses, loads, stores, moves and constants. Arithmetic has three operands, none of them in memory."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.embedded.code.addresses import Addressing
from gymcc.envs.jitcse.backends.embedded.code.emitter import Writes
from gymcc.envs.jitcse.backends.embedded.code.operands import Fixed, Imm, Mem, Operand, Place, Reg
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.targets.arm64_costs import (
    BYTES,
    CYCLES,
    STORE,
    immediate_moves,
    load_cycles,
    move_costs,
)
from gymcc.envs.jitcse.ir import Node, Op, Type

MAX_IMMEDIATE = 4095  # of additions and offsets
_ADDRESS_MOVES = 3  # instructions that load an address of 48 bits


class Arm64Memory(Addressing):
    """What moves data."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, move_costs())

    def emit(self, name: str, timing: str, operands: tuple[Operand, ...], writes: Writes = Writes.RESULT) -> None:
        """Append an instruction that does not go to memory."""
        self.out.emit(name, CYCLES[timing], BYTES, operands, writes)

    # Addresses

    def memory(self, place: Mem) -> Mem:
        """Either an offset or a scaled index; whatever else is computed first."""
        if place.place is Place.CONSTANT:
            address = self.out.temporary(Type.LONG)
            self._move_wide(address, place.label, _ADDRESS_MOVES)
            return Mem(Place.GENERAL, address)
        base, index = place.base, place.index
        far = place.offset > MAX_IMMEDIATE
        if not isinstance(base, Reg) or (index is None and not far):
            return place
        to = base if base.id < 0 else self.out.temporary(Type.LONG)
        if index is None or place.element:
            self.emit("add", "alu", (to, base, Imm(str(place.offset))))
            return Mem(Place.GENERAL, to, index, place.scale)
        self.emit("add", "shifted", (to, base, index, Imm(f"lsl {place.scale.bit_length() - 1}")))
        self.out.release(index)
        return Mem(Place.GENERAL, to, offset=place.offset)

    # Loads and stores

    def load(self, to: Reg | Fixed, memory: Mem) -> None:
        self.out.emit("ldr", load_cycles(memory.place), BYTES, (to, memory), Writes.RESULT)

    def store(self, place: Mem, value: Node) -> None:
        zero = value.op is Op.CONST and value.payload == 0 and not value.type.floating
        source = Imm("zr") if zero else self.evaluate(value)
        memory = self.memory(place)
        self.out.emit("str", STORE, BYTES, (memory, source))
        self.out.release(memory, source)

    def store_fixed(self, to: Mem, source: Fixed) -> None:
        self.out.emit("str", STORE, BYTES, (to, source))

    def copy_struct(self, to: Mem, source: Mem) -> None:
        through = self.out.temporary(Type.SIMD)
        self.load(through, source)
        self.out.emit("str", STORE, BYTES, (to, through))
        self.out.release(through)

    # Moves and constants

    def move(self, to: Reg | Fixed, source: Reg) -> None:
        self.emit("fmov" if source.type.floating else "mov", "alu", (to, source))
        if isinstance(to, Reg) and not source.homeless:
            self.out.moved(to, pack(STORE - CYCLES["alu"], 0, 0, 1))

    def constant(self, to: Reg | Fixed, node: Node) -> None:
        if node.type.floating:
            self._floating_constant(to, node)
        elif node.op is Op.HANDLE:
            self._move_wide(to, f"handle_{node.payload}", _ADDRESS_MOVES)
        else:
            assert isinstance(node.payload, int)
            self._move_wide(to, str(node.payload), immediate_moves(node.payload))
            if node.payload == 0 and isinstance(to, Reg):
                self.out.moved(to, pack(STORE - CYCLES["alu"], 0, 0, 1))

    def _move_wide(self, to: Reg | Fixed, text: str, instructions: int) -> None:
        self.emit("mov", "alu", (to, Imm(text)))
        for _ in range(instructions - 1):
            self.emit("movk", "alu", (to, Imm(text)), Writes.UPDATE)

    def _floating_constant(self, to: Reg | Fixed, node: Node) -> None:
        if node.payload == 0:
            self.emit("movi", "fmov", (to, Imm("0")))
            return
        page = self.out.temporary(Type.LONG)
        self.emit("adrp", "literal", (page, Imm(f"const_{node.payload}")))
        self.out.release(page)
        self.emit("ldr", "literal", (to, page))

    def call(self, name: Imm, helper: bool) -> None:
        self.out.call("bl", CYCLES["jump"], BYTES, name)
