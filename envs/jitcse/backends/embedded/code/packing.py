"""Sums of several figures in one integer, so that adding up a method's code is one addition per statement.

A price holds hundredths of cycles, bytes, instructions and accesses to a variable's place on the stack, side by side;
none is ever negative, so that none borrows from the next.
"""

from __future__ import annotations

from typing import NamedTuple

_SIZE, _COUNT, _ACCESSES = 44, 72, 96
_CYCLES_MASK, _SIZE_MASK, _COUNT_MASK = (1 << 44) - 1, (1 << 28) - 1, (1 << 24) - 1


class Price(NamedTuple):
    """What instructions cost, unweighted."""

    cycles: int  # hundredths of a cycle of PerfScore
    size: int  # bytes
    instructions: int
    accesses: int  # to the stack slot of the variable that the price is about


def pack(cycles: int, size: int, instructions: int = 1, accesses: int = 0) -> int:
    """A price as one integer; sums of packed prices are packed sums."""
    return cycles + (size << _SIZE) + (instructions << _COUNT) + (accesses << _ACCESSES)


def unpack(packed: int) -> Price:
    """The figures of a packed price."""
    return Price(
        packed & _CYCLES_MASK,
        packed >> _SIZE & _SIZE_MASK,
        packed >> _COUNT & _COUNT_MASK,
        packed >> _ACCESSES,
    )


def cycles_of(packed: int) -> int:
    """Hundredths of cycles alone."""
    return packed & _CYCLES_MASK
