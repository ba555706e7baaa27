"""The code of a statement: what scoring needs of it, and its instructions for whoever wants to read them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gymcc.envs.jitcse.backends.embedded.code.operands import Operand


class Spilled(Enum):
    """What becomes of a register operand if its value lives on the stack."""

    RELOADED = "reloaded"  # into a scratch register, before the instruction
    IN_MEMORY = "in memory"  # the instruction reads, writes or modifies it there
    STORED = "stored"  # computed into a scratch register and stored after the instruction


@dataclass(frozen=True, slots=True)
class SpillForm:
    """How one instruction changes if the value of ``id`` lives on the stack, and the packed price of the change."""

    id: int
    how: Spilled
    price: int


@dataclass(slots=True)
class Instruction:
    """One instruction; its first operand is its destination if it has one."""

    mnemonic: str
    operands: tuple[Operand, ...]
    cycles: int  # hundredths
    size: int
    busy: frozenset[int]  # scratch registers in use before or after it
    writes: bool  # its first operand, whether that is read, too, or not
    forms: tuple[SpillForm, ...] = ()


@dataclass(frozen=True, slots=True)
class Extra:
    """A value that needs a register for the length of one statement."""

    floating: bool
    crossing: int  # as :class:`gymcc.envs.jitcse.backends.embedded.allocation.Interval` has it


@dataclass(frozen=True, slots=True)
class Code:
    """The code of one statement, all values in registers; sets of locals are bit masks."""

    price: int  # packed
    reads: int  # locals read before the statement writes them
    writes: int
    uses: int  # locals read at all
    crossing: int  # locals read after a call of the statement that came after their value
    late: int  # locals written after the last call, if there is one
    calls: bool
    throws: bool  # has a bounds check, whose failure is handled at the end of the method
    spills: dict[int, int]  # by id, packed: what is added if that value lives on the stack
    extras: tuple[Extra, ...]  # ids FIRST_EXTRA, FIRST_EXTRA - 1, ...
    condition: str = ""  # of the jump that a branch ends in
    instructions: tuple[Instruction, ...] = ()  # only if recorded
