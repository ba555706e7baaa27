"""The processing units of NITTA: what each accepts, and when it takes and gives values.

Timing as recorded from a real server; ``next_tick`` is the tick after a unit's last instruction.
"""

from __future__ import annotations

from gymcc.envs.nitta.microarchitecture import UnitSpec, UnitType
from gymcc.envs.nitta.units.accum import Accum
from gymcc.envs.nitta.units.base import FOREVER, Endpoint, InvalidDecision, Unit
from gymcc.envs.nitta.units.divider import Divider
from gymcc.envs.nitta.units.fram import Fram
from gymcc.envs.nitta.units.serial import Comparator, LogicalUnit, Multiplexer, Multiplier
from gymcc.envs.nitta.units.shift import Shift
from gymcc.envs.nitta.units.spi import Spi

UNITS: dict[UnitType, type[Unit]] = {
    UnitType.FRAM: Fram,
    UnitType.ACCUM: Accum,
    UnitType.MULTIPLIER: Multiplier,
    UnitType.DIVIDER: Divider,
    UnitType.SHIFT: Shift,
    UnitType.SPI: Spi,
    UnitType.COMPARATOR: Comparator,
    UnitType.LOGICAL_UNIT: LogicalUnit,
    UnitType.MULTIPLEXER: Multiplexer,
}


def make_unit(spec: UnitSpec) -> Unit:
    """An idle unit."""
    return UNITS[spec.type](spec)


__all__ = ["FOREVER", "UNITS", "Endpoint", "Fram", "InvalidDecision", "Unit", "make_unit"]
