"""Adds up the instructions of one statement: prices, reads and writes of locals, calls, scratch registers, spills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum

from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.code.operands import FIRST_EXTRA, SCRATCH, Mem, Operand, Reg
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.code.statement import Code, Extra, Instruction, Spilled, SpillForm
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.ir import Type


class Writes(IntEnum):
    """What an instruction does to its first operand."""

    NOTHING = 0  # reads it, if it is a register
    RESULT = 1
    UPDATE = 2  # reads and writes it


class Hazard(IntEnum):
    """What a value held in a register must outlive."""

    NONE = 0
    DIVISION = 1  # takes the integer scratch registers
    CALL = 2


class Emitter:
    """One statement's code in the making; ``begin`` starts afresh.

    The local that a statement assigns may serve as its accumulator: instructions may write it before ``finish`` says
    that it now has its value. It counts as written then, and if it lives on the stack, it is stored once, then.
    """

    def __init__(self, machine: Machine, moves: MoveCosts) -> None:
        self.machine = machine
        self.moves = moves
        self.recording = False
        self.begin()

    def begin(self) -> None:
        """Forget the statement before."""
        self.price = 0
        self.reads = self.writes = self.uses = self.crossing = self.late = 0
        self.calls = self.throws = False
        self.condition = ""  # of the jump that the statement ends in
        self.spills: dict[int, int] = {}
        self.extras: list[Extra] = []
        self.free_extras: list[int] = []
        self.busy: set[int] = set()
        self.partial = 0  # locals that accumulate their new value
        self.floor = 0  # 2 while the integer scratch registers are not to be taken
        self.instructions: list[Instruction] = []
        self.forms: list[SpillForm] = []  # of the instruction in the making
        self.foldable: tuple[int, int] | None = None  # a local just moved to: its id, and the price of storing instead

    def end(self) -> Code:
        """The code since ``begin``."""
        return Code(
            self.price,
            self.reads,
            self.writes,
            self.uses,
            self.crossing,
            self.late,
            self.calls,
            self.throws,
            self.spills,
            tuple(self.extras),
            self.condition,
            tuple(self.instructions),
        )

    # Registers

    def temporary(self, kind: Type, hazard: Hazard = Hazard.NONE) -> Reg:
        """A register for a value inside the statement: scratch if one is free and survives ``hazard``."""
        floating = kind.floating
        if hazard is Hazard.DIVISION and self.machine.arm:
            hazard = Hazard.NONE
        if hazard is not Hazard.CALL:
            first = 2 if hazard and not floating else 0 if floating else self.floor
            for each in SCRATCH[floating][first:]:
                if each not in self.busy:
                    self.busy.add(each)
                    return Reg(each, kind)
        crossing = hazard is Hazard.CALL
        wanted = Extra(floating, self.crossing_level(kind) if crossing else 0)
        for each in self.free_extras:
            if self.extras[FIRST_EXTRA - each] == wanted:
                self.free_extras.remove(each)
                return Reg(each, kind)
        self.extras.append(wanted)
        return Reg(FIRST_EXTRA + 1 - len(self.extras), kind)

    @contextmanager
    def scratch_kept(self) -> Iterator[None]:
        """Take no integer scratch register inside: they hold a call's result, or a division is to come."""
        before, self.floor = self.floor, 2
        yield
        self.floor = before

    def crossing_level(self, kind: Type) -> int:
        """1 if a register that calls preserve will keep such a value, 2 if none does."""
        return 2 if kind is Type.SIMD and not self.machine.preserves_vectors else 1

    def release(self, *operands: Operand) -> None:
        """The values of ``operands`` are used up."""
        for each in operands:
            if isinstance(each, Reg):
                if each.id <= FIRST_EXTRA:
                    self.free_extras.append(each.id)
                else:
                    self.busy.discard(each.id)
            elif isinstance(each, Mem):
                self.release(*[part for part in (each.base, each.index) if part is not None])

    # Instructions

    def emit(
        self,
        mnemonic: str,
        cycles: int,
        size: int,
        operands: tuple[Operand, ...] = (),
        writes: Writes = Writes.NOTHING,
        flexible: int = -1,
        in_memory: int = 0,
    ) -> None:
        """Append an instruction.

        ``flexible``: position of the register operand that may be a memory operand instead, and ``in_memory`` the
        packed price of that.
        """
        self.foldable = None
        self.price += pack(cycles, size)
        self.forms.clear()
        for position, each in enumerate(operands):
            if isinstance(each, Mem):
                self._address(each)
            elif isinstance(each, Reg) and (each.id >= 0 or each.id <= FIRST_EXTRA):
                if position == 0 and writes:
                    continue
                if position == flexible:
                    self._read(each, Spilled.IN_MEMORY, in_memory)
                else:
                    self._read(each, Spilled.RELOADED, self.moves.reload[each.type])
        if writes:
            self._write(operands[0], writes)
        if self.recording:
            busy = frozenset(self.busy)
            self.instructions.append(Instruction(mnemonic, operands, cycles, size, busy, writes > 0, tuple(self.forms)))

    def call(self, mnemonic: str, cycles: int, size: int, name: Operand) -> None:
        """Append a call: what scratch registers and other trashed ones held is gone."""
        self.emit(mnemonic, cycles, size, (name,))
        self.calls = True
        self.late = 0

    def moved(self, to: Reg, stored: int) -> None:
        """The last instruction moved to ``to`` and could have stored there at the price ``stored``, packed."""
        self.foldable = (to.id, stored)

    def finish(self, local: Reg) -> None:
        """The local has its new value, by the instructions so far."""
        self.forms.clear()
        if self.foldable is not None and self.foldable[0] == local.id:
            self._spill(local.id, Spilled.IN_MEMORY, self.foldable[1])
        else:
            self._spill(local.id, Spilled.STORED, self.moves.store[local.type])
        if self.recording:
            last = self.instructions[-1]
            self.instructions[-1] = replace(last, forms=(*last.forms, *self.forms))
        self.wrote(local)

    def modify(self, mnemonic: str, cycles: int, size: int, operands: tuple[Operand, ...], in_memory: int) -> None:
        """Append an instruction that updates a local in place, be it on the stack at the packed price ``in_memory``."""
        local = operands[0]
        assert isinstance(local, Reg)
        self.emit(mnemonic, cycles, size, operands, flexible=0, in_memory=in_memory)
        if self.recording:
            self.instructions[-1].writes = True
        self.wrote(local)

    def wrote(self, local: Reg) -> None:
        """Note that a local was assigned."""
        self.partial &= ~(1 << local.id)
        self.writes |= 1 << local.id
        self.late |= 1 << local.id

    def _address(self, memory: Mem) -> None:
        for part in (memory.base, memory.index):
            if isinstance(part, Reg) and part.homeless:
                self._read(part, Spilled.RELOADED, self.moves.reload[part.type])
        if memory.local >= 0:
            self._spill(memory.local, Spilled.IN_MEMORY, pack(0, 0, 0, 1))

    def _read(self, reg: Reg, how: Spilled, price: int) -> None:
        self._spill(reg.id, how, price)
        if reg.id >= 0:
            bit = 1 << reg.id
            assert not self.partial & bit, "an accumulator is no operand"
            self.uses |= bit
            if not self.writes & bit:
                self.reads |= bit
            if self.calls and not self.late & bit:
                self.crossing |= bit

    def _write(self, to: Operand, writes: Writes) -> None:
        """A local counts as written when finished; an extra is stored, and fetched before, every time."""
        if not isinstance(to, Reg):
            return
        if to.id >= 0:
            self.partial |= 1 << to.id
        if to.id > FIRST_EXTRA:
            return
        if writes is Writes.UPDATE:
            self._read(to, Spilled.RELOADED, self.moves.reload[to.type])
        self._spill(to.id, Spilled.STORED, self.moves.store[to.type])

    def _spill(self, id_: int, how: Spilled, price: int) -> None:
        self.spills[id_] = self.spills.get(id_, 0) + price
        if self.recording:
            self.forms.append(SpillForm(id_, how, price))
