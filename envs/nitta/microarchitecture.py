"""Microarchitectures: which processing units hang on the bus of the processor that NITTA synthesises for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class UnitType(StrEnum):
    """Kinds of processing units, as TOML files and NITTA's API name them."""

    FRAM = "Fram"
    ACCUM = "Accum"
    MULTIPLIER = "Multiplier"
    DIVIDER = "Divider"
    SHIFT = "Shift"
    SPI = "SPI"
    COMPARATOR = "Comparator"
    LOGICAL_UNIT = "LogicalUnit"
    MULTIPLEXER = "Multiplexer"


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """A unit before synthesis: its ``tag`` on the bus, its type, and what sizes matter for its type.

    ``size``: memory cells of a Fram. ``pipeline``: stages of a Divider. ``buffer_size``: values an SPI sends, and
    receives, per cycle of the algorithm.
    """

    tag: str
    type: UnitType
    size: int = 16
    pipeline: int = 4
    buffer_size: int = 6


@dataclass(frozen=True, slots=True)
class Microarchitecture:
    """Units of the one bus, sorted by tag; ``prototypes`` are units that an allocation may add, tags with ``{x}``."""

    units: tuple[UnitSpec, ...]
    prototypes: tuple[UnitSpec, ...] = ()
    name: str = "net1"
    io_sync: str = "Sync"


DEFAULT = Microarchitecture(
    (
        UnitSpec("accum", UnitType.ACCUM),
        UnitSpec("compare", UnitType.COMPARATOR),
        UnitSpec("div", UnitType.DIVIDER),
        UnitSpec("fram1", UnitType.FRAM, size=16),
        UnitSpec("fram2", UnitType.FRAM, size=32),
        UnitSpec("logicalUnit", UnitType.LOGICAL_UNIT),
        UnitSpec("mul", UnitType.MULTIPLIER),
        UnitSpec("mux", UnitType.MULTIPLEXER),
        UnitSpec("shift", UnitType.SHIFT),
        UnitSpec("spi", UnitType.SPI),
    )
)
