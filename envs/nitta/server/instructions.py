"""The instructions that units execute for a transport, as NITTA prints them in a unit's process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gymcc.envs.nitta.functions import Function
from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.options.accumulate import steps as accumulator_steps
from gymcc.envs.nitta.units import Unit
from gymcc.envs.nitta.units.accum import Accum
from gymcc.envs.nitta.units.divider import Divider
from gymcc.envs.nitta.units.fram import FREE, Fram
from gymcc.envs.nitta.units.spi import Spi

Interval = tuple[int, int]  # first and last tick
_MIRRORED = {"CmpLt": "CmpGt", "CmpGt": "CmpLt", "CmpLte": "CmpGte", "CmpGte": "CmpLte", "CmpEq": "CmpEq"}
_BITS = 8  # that Shift moves at once


@dataclass(frozen=True, slots=True)
class Move:
    """At ``tick`` a unit gives ``variables`` of ``function``, or takes one; ``before`` and ``after``: the unit."""

    is_source: bool
    variables: tuple[str, ...]
    function: Function
    tick: int
    before: Unit
    after: Unit


def instructions(move: Move) -> Iterator[tuple[Interval, str]]:
    """What the unit executes for a move, with the ticks it takes."""
    return _OF[move.before.type](move)


def _fram(move: Move) -> Iterator[tuple[Interval, str]]:
    assert isinstance(move.before, Fram)
    assert isinstance(move.after, Fram)
    new = move.after.cells
    old = (*move.before.cells, *[FREE] * (len(new) - len(move.before.cells)))
    cell = next(at for at in range(len(new)) if new[at] != old[at])
    yield _before(move, f"PrepareRead {cell}") if move.is_source else _at(move, f"Write {cell}")


def _accum(move: Move) -> Iterator[tuple[Interval, str]]:
    assert isinstance(move.before, Accum)
    if move.is_source:
        yield _before(move, "Out")
        return
    sign = next(sign for sign, variables in accumulator_steps(move.function) if move.variables == tuple(variables))
    yield _at(move, f"{'Load' if move.before.job else 'ResetAndLoad'} {sign == '-'}")


def _multiplier(move: Move) -> Iterator[tuple[Interval, str]]:
    yield _at(move, "Out" if move.is_source else "Load")


def _comparator(move: Move) -> Iterator[tuple[Interval, str]]:
    relation = str(move.function.detail)
    first = move.variables[0] == move.function.inputs[0]
    yield _at(move, "Out" if move.is_source else f"Load {relation if first else _MIRRORED[relation]}")


def _logical_unit(move: Move) -> Iterator[tuple[Interval, str]]:
    table = move.after.functions.index(move.function)
    yield _at(move, f"Out {table}" if move.is_source else "Load")


def _multiplexer(move: Move) -> Iterator[tuple[Interval, str]]:
    selects = move.variables[0] == move.function.inputs[0]
    yield _at(move, "Out" if move.is_source else "LoadSel" if selects else "LoadInput")


def _divider(move: Move) -> Iterator[tuple[Interval, str]]:
    assert isinstance(move.before, Divider)
    if move.is_source:
        yield _at(move, "Out Quotient" if set(move.variables) <= set(move.function.outputs[0]) else "Out Remain")
        return
    # NITTA loads the numerator as "Denom".
    yield _at(move, "Load Denom" if move.variables[0] == move.function.inputs[0] else "Load Numer")
    if move.before.loading:
        yield (move.tick + 1, move.tick + 1), "Do"


def _shift(move: Move) -> Iterator[tuple[Interval, str]]:
    if move.is_source:
        yield _before(move, "Out")
        return
    yield _at(move, "Init")
    right = ">>" in move.function.text
    tick = move.tick
    for ticks, by_byte in zip(divmod(move.function.detail, _BITS), (True, False), strict=True):
        if ticks:
            work = f"Work {{shiftRight = {right}, stepByte = {by_byte}, shiftType = Logic}}"
            yield (tick + 1, tick + ticks), work
            tick += ticks


def _spi(move: Move) -> Iterator[tuple[Interval, str]]:
    assert isinstance(move.before, Spi)
    assert isinstance(move.after, Spi)
    last = len(move.after.receives) < len(move.before.receives)
    yield _at(move, f"Receiving {last}" if move.is_source else "Sending")


def _at(move: Move, text: str) -> tuple[Interval, str]:
    return (move.tick, move.tick), text


def _before(move: Move, text: str) -> tuple[Interval, str]:
    return (move.tick - 1, move.tick - 1), text


_OF: dict[UnitType, Callable[[Move], Iterator[tuple[Interval, str]]]] = {
    UnitType.FRAM: _fram,
    UnitType.ACCUM: _accum,
    UnitType.MULTIPLIER: _multiplier,
    UnitType.DIVIDER: _divider,
    UnitType.SHIFT: _shift,
    UnitType.SPI: _spi,
    UnitType.COMPARATOR: _comparator,
    UnitType.LOGICAL_UNIT: _logical_unit,
    UnitType.MULTIPLEXER: _multiplexer,
}
