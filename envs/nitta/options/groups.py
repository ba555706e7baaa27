"""Binding many functions at once: those with one unit to go to, and ways to share out the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from gymcc.envs.nitta.functions import Function
from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option, function_view
from gymcc.envs.nitta.options.classes import representatives
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
    fallible = True

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
        if not self.obvious:
            return False
        given = _by_unit(bind for bind in reversed(self.binds) if state.units[bind[1]].type in _LIMITED)
        return not all(all(state.units[at].fitting(functions)) for at, functions in given.items())

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
    given = _by_unit(binds)
    fits = {at: iter(state.units[at].fitting(functions)) for at, functions in given.items()}
    return tuple([bind for bind in binds if next(fits[bind[1]])])


def _by_unit(binds: Iterable[tuple[Function, int]]) -> dict[int, list[Function]]:
    given: dict[int, list[Function]] = {}
    for function, at in binds:
        given.setdefault(at, []).append(function)
    return given
