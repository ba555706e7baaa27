"""Of all ways to share out functions among units, those that NITTA offers as groups: the last one of each class.

NITTA takes the product of all candidates and keeps the last assignment of each class. A class says of every unit that
gets something: its type, how much it holds already, and the set of runs of functions of one kind given to it. The
product is exponential. What matters of an assignment's beginning is, unit by unit, the runs so far; of two beginnings
alike in that, the later one is ahead whatever follows. So one beginning of each sort is enough.

Where many functions may go to many units, even those are too many; NITTA does not come to an end there. Then a part of
them, spread evenly, has to do, and with it a part of the classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.state import Synthesis

MOST_BEGINNINGS = 5_000
ENDLESS = 2**20  # assignments; of more than that not even as many beginnings
MOST_OF_ENDLESS = 500
_EFFORT = 400_000  # where there are many units: beginnings times units that a function may go to, times all of them

Run = tuple[int, int]  # rank of a function's kind, length
Runs = tuple[frozenset[Run], Run]  # closed runs, the one going on
Beginning = tuple[int, ...]  # by unit the number of its runs
Choice = tuple[int, ...]  # by function the number of its unit
Load = tuple[UnitType, int]  # of a unit: its type and how many functions it holds
_NO_RUNS: Runs = (frozenset(), (-1, 0))
_RANKS = {kind: rank for rank, kind in enumerate((Kind.BUFFER, Kind.CONSTANT, Kind.LOOP))}


def representatives(
    state: Synthesis, ambiguous: Sequence[tuple[Function, list[int]]]
) -> list[tuple[tuple[Function, int], ...]]:
    """The last assignment of each class, in the order of the classes; of very many a part."""
    positions = sorted({at for _, units in ambiguous for at in units})
    functions = [(rank(f.kind), tuple(map(positions.index, units))) for f, units in ambiguous]
    loads = tuple((state.units[at].type, len(state.units[at].functions)) for at in positions)
    assignments = prod(len(units) for _, units in ambiguous)
    most = MOST_BEGINNINGS if assignments <= ENDLESS else MOST_OF_ENDLESS
    widest = max(len(units) for _, units in ambiguous)
    most = max(1, min(most, _EFFORT // (widest * len(positions))))
    return [
        tuple((function, positions[unit]) for (function, _), unit in zip(ambiguous, choice, strict=True))
        for choice in last_of_classes(tuple(functions), loads, most)
    ]


def rank(kind: Kind) -> int:
    """NITTA orders kinds by a fingerprint of their type."""
    return _RANKS.get(kind, len(_RANKS) + list(Kind).index(kind))


@lru_cache(256)  # states that follow each other have it in common
def last_of_classes(
    functions: tuple[tuple[int, tuple[int, ...]], ...], loads: tuple[Load, ...], most: int
) -> tuple[Choice, ...]:
    """The last choice of each class, for functions by rank and numbers of units; of beginnings at most so many."""
    numbered = _Numbered()
    beginnings: dict[Beginning, Choice] = {(0,) * len(loads): ()}
    for function, units in functions:
        beginnings = _extended(beginnings, numbered, function, units)
        if len(beginnings) > most:
            beginnings = dict(list(beginnings.items())[:: -(-len(beginnings) // most)])
    classes = {_class_of(loads, [numbered.runs[n] for n in key]): choice for key, choice in beginnings.items()}
    return tuple(choice for _, choice in sorted(classes.items()))


class _Numbered:
    """Runs by number, so that beginnings are compared as numbers; 0 for none."""

    def __init__(self) -> None:
        self.runs: list[Runs] = [_NO_RUNS]
        self._numbers: dict[Runs, int] = {_NO_RUNS: 0}

    def number(self, runs: Runs) -> int:
        """The number of some runs, a new one if they have none."""
        if runs not in self._numbers:
            self._numbers[runs] = len(self.runs)
            self.runs.append(runs)
        return self._numbers[runs]


def _extended(
    beginnings: dict[Beginning, Choice], numbered: _Numbered, function: int, units: Sequence[int]
) -> dict[Beginning, Choice]:
    """Beginnings with one function more, on each of its units; in the order of assignments, as they were before."""
    longer: dict[Beginning, Choice] = {}
    after: dict[int, int] = {}
    for runs, choice in beginnings.items():
        for unit in units:
            before = runs[unit]
            if before not in after:
                after[before] = numbered.number(_longer(numbered.runs[before], function))
            key = (*runs[:unit], after[before], *runs[unit + 1 :])
            longer.pop(key, None)  # so that the last of its sort stands where it belongs
            longer[key] = (*choice, unit)
    return longer


def _longer(runs: Runs, function: int) -> Runs:
    closed, (last, length) = runs
    if last == function:
        return closed, (function, length + 1)
    return (closed | {(last, length)} if length else closed), (function, 1)


def _class_of(loads: Sequence[Load], beginning: Sequence[Runs]) -> tuple[Any, ...]:
    entries = {
        (*load, tuple(sorted(closed | {last})))
        for load, (closed, last) in zip(loads, beginning, strict=True)
        if last[1]
    }
    return tuple(sorted(entries))
