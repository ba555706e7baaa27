"""Operands of instructions, before registers are given out.

A register operand is a local of the method (its number), one of the scratch registers, or an extra: a value inside a
statement for which no scratch register is left, or which a call must not destroy. Extras compete for registers with
the locals.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from gymcc.envs.jitcse.ir import Type

SCRATCH = {False: (-1, -2), True: (-3, -4)}  # ids of the scratch registers, by whether floating
FIRST_EXTRA = -5  # and downwards


class Reg(NamedTuple):
    """A value in a register."""

    id: int
    type: Type

    @property
    def homeless(self) -> bool:
        """Whether it may end up on the stack."""
        return self.id >= 0 or self.id <= FIRST_EXTRA


class Fixed(NamedTuple):
    """A register that the calling convention names."""

    name: str
    type: Type


class Access(IntEnum):
    """Where an instruction goes to memory, if it does; RyuJIT's latencies depend on it."""

    NONE = 0
    READ_STACK = 1
    READ_CONSTANT = 2  # an address the linker knows: static fields, floating-point constants
    READ_GENERAL = 3
    WRITE_STACK = 4
    WRITE_CONSTANT = 5
    WRITE_GENERAL = 6
    MODIFY_STACK = 7


class Place(IntEnum):
    """What a memory operand points to."""

    STACK = 1
    CONSTANT = 2
    GENERAL = 3

    @property
    def read(self) -> Access:
        """Reading it."""
        return _READS[self]

    @property
    def write(self) -> Access:
        """Writing it."""
        return _WRITES[self]


_READS = {Place.STACK: Access.READ_STACK, Place.CONSTANT: Access.READ_CONSTANT, Place.GENERAL: Access.READ_GENERAL}
_WRITES = {Place.STACK: Access.WRITE_STACK, Place.CONSTANT: Access.WRITE_CONSTANT, Place.GENERAL: Access.WRITE_GENERAL}


@dataclass(frozen=True, slots=True)
class Mem:
    """A memory operand: [base + index * scale + offset], or a label."""

    place: Place
    base: Reg | None = None
    index: Reg | None = None
    scale: int = 1
    offset: int = 0
    label: str = ""  # of constants and statics; of a struct, its local
    local: int = -1  # the struct local that lives there
    element: bool = False  # of an array: the index counts what is loaded or stored


class Imm(NamedTuple):
    """A constant inside the instruction, or what an instruction names (a label, a method)."""

    text: str


Operand = Reg | Fixed | Mem | Imm
