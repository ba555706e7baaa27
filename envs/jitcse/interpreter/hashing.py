"""A fixed 64-bit hash of whole numbers and names, the same in every process: all randomness of a run comes from it."""

from __future__ import annotations

from functools import cache
from zlib import crc32

MASK = 2**64 - 1


def mix(*numbers: int) -> int:
    """A hash from 0 to 2^64 - 1 of numbers in order (a multiply and shift per number, as in splitmix64)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = ((state ^ number) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 31)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 29
    return state


@cache
def of_name(name: str) -> int:
    """A number for a name."""
    return crc32(name.encode())
