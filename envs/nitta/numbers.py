"""Fixed-point numbers ``fxM.B``: B bits in all, M of them before the point, as NITTA's data types are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_NAME = re.compile(r"fx(\d+)\.(\d+)")
_MAX_BITS = 128


@dataclass(frozen=True, slots=True)
class NumberType:
    """``fxM.B``: ``bits`` B in all (two's complement), ``integer_bits`` M of them before the point (sign included)."""

    integer_bits: int
    bits: int

    @classmethod
    def parse(cls, name: str) -> NumberType:
        """The type of that name; raises ValueError naming the form."""
        match = _NAME.fullmatch(name)
        if not match or not 0 < int(match[1]) <= int(match[2]) <= _MAX_BITS:
            raise ValueError(f"number type {name!r} is not fxM.B with 0 < M <= B <= {_MAX_BITS}, e.g. fx24.32")
        return cls(int(match[1]), int(match[2]))

    @property
    def fraction_bits(self) -> int:
        """Bits after the point."""
        return self.bits - self.integer_bits

    def of(self, value: Decimal | float) -> Fixed:
        """The nearest number of this type, ties to even, as NITTA rounds literals; wraps around."""
        return self.raw(round(Decimal(value) * (1 << self.fraction_bits)))

    def raw(self, raw: int) -> Fixed:
        """The number whose bits are those of ``raw``, an integer in units of the last place; wraps around."""
        half = 1 << self.bits - 1
        return Fixed((raw + half) % (2 * half) - half, self)

    def __str__(self) -> str:
        return f"fx{self.integer_bits}.{self.bits}"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number of a :class:`NumberType`: ``raw`` in units of the last place."""

    raw: int
    type: NumberType

    def __float__(self) -> float:
        return self.raw / (1 << self.type.fraction_bits)

    def __str__(self) -> str:
        return f"{float(self):.6f}"


DEFAULT_TYPE = NumberType(32, 32)
