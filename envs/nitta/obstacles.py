"""Why a program can have no complete schedule on a microarchitecture, as far as counting tells."""

from __future__ import annotations

from collections.abc import Iterable

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.units import UNITS

_CELLS = frozenset({Kind.CONSTANT, Kind.LOOP})


def obstacles(program: Program, microarchitecture: Microarchitecture) -> list[str]:
    """A sentence for each reason; none where nothing is known to stand in the way.

    Functions that constant folding may remove are not counted, nor is anything that units from prototypes may take.
    """
    functions = _lasting(program.functions)
    return [
        *_without_unit(functions, microarchitecture),
        *_too_many(functions, Kind.RECEIVE, "receives", microarchitecture),
        *_too_many(functions, Kind.SEND, "sends", microarchitecture),
        *_without_cell(functions, microarchitecture),
    ]


def _lasting(functions: Iterable[Function]) -> list[Function]:
    """Those that every schedule has: what does not follow from constants alone, and the constants that it takes."""
    functions = list(functions)
    known: set[str] = set()
    foldable: list[Function] = []
    while True:
        more = [f for f in functions if f not in foldable and f.kind is not Kind.RECEIVE and known.issuperset(f.inputs)]
        if not more:
            break
        foldable += more
        known.update(variable for function in more for variable in function.produced)
    lasting = [function for function in functions if function not in foldable]
    taken = {variable for function in lasting for variable in function.inputs}
    return lasting + [f for f in foldable if f.kind is Kind.CONSTANT and taken.intersection(f.produced)]


def _without_unit(functions: Iterable[Function], microarchitecture: Microarchitecture) -> Iterable[str]:
    """Functions that none of the units computes, one for each kind."""
    types = {spec.type for spec in (*microarchitecture.units, *microarchitecture.prototypes)}
    done = {kind for type_ in types for kind in UNITS[type_].accepted_kinds}
    for kind, text in {function.kind: function.text for function in functions if function.kind not in done}.items():
        able = [type_ for type_ in UnitType if kind in UNITS[type_].accepted_kinds]
        yield f"no unit computes {text}" + (f": that takes a unit of type {able[0]}" if able else "")


def _too_many(
    functions: Iterable[Function], kind: Kind, name: str, microarchitecture: Microarchitecture
) -> Iterable[str]:
    """More values to receive or send in a cycle of the algorithm than all SPI units hold."""
    count = sum(function.kind is kind for function in functions)
    places = sum(spec.buffer_size for spec in microarchitecture.units if spec.type is UnitType.SPI)
    if 0 < places < count:
        yield f"{count} {name} do not fit: the SPI units have places for {places} in a cycle (bufferSize)"


def _without_cell(functions: Iterable[Function], microarchitecture: Microarchitecture) -> Iterable[str]:
    """More constants and loops than memory cells."""
    count = sum(function.kind in _CELLS for function in functions)
    cells = sum(spec.size for spec in microarchitecture.units if spec.type is UnitType.FRAM)
    more = any(spec.type is UnitType.FRAM for spec in microarchitecture.prototypes)
    if 0 < cells < count and not more:
        yield f"{count} constants and values kept for the next cycle do not fit into {cells} memory cells (size)"
