"""Binding many functions at once: those with one unit to go to, and ways to share out the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option, function_view
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.units import InvalidDecision, Unit

_LIMITED = frozenset({UnitType.FRAM, UnitType.SPI})
Binds = tuple[tuple[Function, int], ...]  # function, position of a unit


@dataclass(frozen=True, slots=True)
class GroupBind(Decision):
    """All ``binds`` at once; ``obvious``: each of the functions has one unit to go to."""

    binds: Binds
    obvious: bool

    kind = DecisionKind.GROUP_BIND

    def apply(self, state: Synthesis) -> Synthesis:
        changes: dict[int, Unit] = {}
        for function, at in reversed(self.binds):
            unit = changes.get(at, state.units[at])
            if not unit.accepts(function):
                raise InvalidDecision(f"{unit.tag} cannot take {function.text} beside the rest of the group")
            changes[at] = unit.bind(function)
        gone = {function for function, _ in self.binds}
        return state.but(waiting=state.waiting.less(gone), units=state.replaced(changes), last_buffered=())

    def may_fail(self, state: Synthesis) -> bool:
        """Each function of an obvious group fits alone, but two may want the same place in a memory or at the SPI."""
        shared = [at for _, at in self.binds if state.units[at].type in _LIMITED] if self.obvious else ()
        return len(shared) > len(set(shared))

    def phrase(self, state: Synthesis) -> str:
        return f"bind {len(self.binds)} functions at once" + (", those with one unit to go to" if self.obvious else "")

    def view(self, state: Synthesis) -> Json:
        groups: dict[str, list[Json]] = {}
        for function, at in reversed(self.binds):
            groups.setdefault(state.units[at].tag, []).append(function_view(function))
        return {"bindGroup": groups}


def offered(state: Synthesis, candidates: Sequence[tuple[Function, list[int]]], mode: str) -> Iterator[Option]:
    """The obvious group, then (``mode`` nitta) one group of each class of ways to share out the other functions."""
    obvious = tuple((function, units[0]) for function, units in candidates if len(units) == 1)
    if obvious:
        yield _option(state, GroupBind(obvious, True))
    if mode != "nitta":
        return
    ambiguous = [(function, units) for function, units in candidates if len(units) > 1]
    for binds in representatives(state, ambiguous) if ambiguous else ():
        fitting = _fitting(state, binds)
        if len(fitting) > 1:
            yield _option(state, GroupBind(fitting, False))


def _option(state: Synthesis, decision: GroupBind) -> Option:
    counts: dict[int, int] = {}
    for _, at in decision.binds:
        counts[at] = counts.get(at, 0) + 1
    loads = [len(state.units[at].functions) for at in counts]
    metrics = {
        "pOnlyObviousBinds": decision.obvious,
        "pFunctionPercentInBinds": len(decision.binds) / len(state.algorithm.functions),
        "pAvgBinds": _mean(counts.values()),
        "pVarianceBinds": _deviation(counts.values()),
        "pAvgUnitWorkload": _mean(loads),
        "pVarianceUnitWorkload": _deviation(loads),
    }
    return Option(decision, metrics, score(metrics))


def _mean(numbers: Collection[int]) -> float:
    return sum(numbers) / len(numbers)


def _deviation(numbers: Collection[int]) -> float:
    """NITTA calls it a variance; it is the population's standard deviation."""
    mean = _mean(numbers)
    return sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def score(metrics: Json) -> float:
    """NITTA's default score of a group."""
    return float(
        4100
        + 1000 * metrics["pOnlyObviousBinds"]
        + 10 * round(metrics["pFunctionPercentInBinds"])
        - 20 * round(metrics["pVarianceBinds"])
    )


def _fitting(state: Synthesis, binds: Binds) -> Binds:
    """The binds less those that no longer fit beside the ones before."""
    units, fitting = list(state.units), []
    for function, at in binds:
        if units[at].accepts(function):
            units[at] = units[at].bind(function)
            fitting.append((function, at))
    return tuple(fitting)


# NITTA takes the product of all candidates and keeps the last assignment of each class. A class says of every unit
# that gets something: its type, how much it holds already, and the set of runs of functions of one kind given to it.
# The product is exponential. What matters of an assignment's beginning is, unit by unit, the runs so far; of two
# beginnings alike in that, the later one is ahead whatever follows. So one beginning of each sort is enough.
# Where many functions may go to many units, even those are too many; NITTA does not come to an end there. Then a part
# of them, spread evenly, has to do, and with it a part of the classes.

Run = tuple[int, int]  # rank of a function's kind, length
Runs = tuple[frozenset[Run], Run]  # closed runs, the one going on
Beginning = tuple[tuple[int, Runs], ...]  # position of a unit, its runs; sorted
MOST_BEGINNINGS = 5_000
ENDLESS = 2**20  # assignments; of more than that not even as many beginnings
MOST_OF_ENDLESS = 500
_NO_RUNS: Runs = (frozenset(), (-1, 0))
_RANKS = {kind: rank for rank, kind in enumerate((Kind.BUFFER, Kind.CONSTANT, Kind.LOOP))}


def representatives(state: Synthesis, ambiguous: Sequence[tuple[Function, list[int]]]) -> list[Binds]:
    """The last assignment of each class, in the order of the classes; of very many a part."""
    beginnings: dict[Beginning, Binds] = {(): ()}
    most = MOST_BEGINNINGS if prod(len(units) for _, units in ambiguous) <= ENDLESS else MOST_OF_ENDLESS
    for function, units in ambiguous:
        rank = _rank(function.kind)
        longer: dict[Beginning, Binds] = {}
        for key, binds in beginnings.items():
            for at in units:
                runs = dict(key)
                runs[at] = _longer(runs.get(at, _NO_RUNS), rank)
                extended, name = (*binds, (function, at)), tuple(sorted(runs.items(), key=lambda item: item[0]))
                if name not in longer or _later(extended, longer[name]):
                    longer[name] = extended
        beginnings = longer if len(longer) <= most else _part(longer, most)
    classes: dict[tuple[Any, ...], Binds] = {}
    for key, binds in beginnings.items():
        group = _class_of(state, key)
        if group not in classes or _later(binds, classes[group]):
            classes[group] = binds
    return [binds for _, binds in sorted(classes.items(), key=lambda item: item[0])]


def _part(beginnings: dict[Beginning, Binds], most: int) -> dict[Beginning, Binds]:
    """At most so many, evenly spread over the order of assignments."""
    ordered = sorted(beginnings.items(), key=lambda item: [at for _, at in item[1]])
    return dict(ordered[:: -(-len(ordered) // most)])


def _longer(runs: Runs, rank: int) -> Runs:
    closed, (last, length) = runs
    if last == rank:
        return closed, (rank, length + 1)
    return (closed | {(last, length)} if length else closed), (rank, 1)


def _later(a: Binds, b: Binds) -> bool:
    return [at for _, at in a] > [at for _, at in b]


def _class_of(state: Synthesis, beginning: Beginning) -> tuple[Any, ...]:
    entries = {
        (state.units[at].type, len(state.units[at].functions), tuple(sorted(closed | {last})))
        for at, (closed, last) in beginning
    }
    return tuple(sorted(entries))


def _rank(kind: Kind) -> int:
    """NITTA orders kinds by a fingerprint of their type."""
    return _RANKS.get(kind, len(_RANKS) + list(Kind).index(kind))
