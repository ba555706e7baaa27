"""Binding one function to a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option, function_view
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.units import Unit


@dataclass(frozen=True, slots=True)
class SingleBind(Decision):
    """``function`` goes to the unit at position ``at``."""

    function: Function
    at: int

    kind = DecisionKind.SINGLE_BIND

    def apply(self, state: Synthesis) -> Synthesis:
        waiting = state.waiting.less({self.function})
        units = state.replaced({self.at: state.units[self.at].bind(self.function)})
        return state.but(waiting=waiting, units=units, last_buffered=())

    def phrase(self, state: Synthesis) -> str:
        return f"bind {self.function.text} to {state.units[self.at].tag}"

    def view(self, state: Synthesis) -> Json:
        return {"function": function_view(self.function), "pu": state.units[self.at].tag}


def candidates(state: Synthesis) -> list[tuple[Function, list[int]]]:
    """Every waiting function with the positions of the units that accept it now."""
    units, hosts = state.units, state.hosts
    return [
        (function, [at for at in hosts[function.kind] if units[at].fit(function)])
        for function in state.waiting.functions
    ]


def offered(state: Synthesis, candidates: Sequence[tuple[Function, list[int]]]) -> Iterator[Option]:
    """All single binds, function by function, unit by unit."""
    if not candidates:
        return
    waits, waiting = held_back(state), state.waiting
    for (function, units), wave, share in zip(candidates, waiting.waves_of, waiting.shares_bound, strict=True):
        restless = max((waits.get(v, 0) for v in function.inputs), default=0) if waits else 0
        for at in units:
            known, key = state.units[at].offers, (function.text, at, len(units), restless, wave, share)
            if key not in known:
                known[key] = _option(state.units[at], function, *key[1:])
            yield known[key]


def _option(
    unit: Unit, function: Function, at: int, alternatives: int, restless: int, wave: int | None, bound_inputs: float
) -> Option:
    fit = unit.fit(function)
    assert fit is not None
    metrics = {
        "pCritical": function.kind is Kind.LOOP,
        "pAlternative": alternatives,
        "pRestless": restless,
        "pOutputNumber": len(function.produced),
        "pAllowDataFlow": fit[0],
        "pPossibleDeadlock": fit[1],
        "pNumberOfBoundFunctions": len(unit.functions),
        "pPercentOfBoundInputs": bound_inputs,
        "pWave": wave,
    }
    return Option(SingleBind(function, at), metrics, score(metrics))


def held_back(state: Synthesis) -> dict[str, int]:
    """Variables whose source could give something now, but not them: the tick at which it could."""
    welcome = state.targets
    return {
        variable: max(source.earliest, state.bus_next)
        for _, source in state.sources
        if len(source.variables) > 1 and not state.transferable.isdisjoint(source.variables)
        for variable in source.variables
        if variable not in welcome
    }


def score(metrics: Json) -> float:
    """NITTA's default score of a single bind."""
    if metrics["pPossibleDeadlock"]:
        return 500.0
    wave = -1 if metrics["pWave"] is None else metrics["pWave"]
    return float(
        3000
        + 1000 * metrics["pCritical"]
        + 500 * (metrics["pAlternative"] == 1)
        + 10 * metrics["pAllowDataFlow"]
        + 50 * metrics["pPercentOfBoundInputs"]
        - 50 * wave
        - 10 * metrics["pNumberOfBoundFunctions"]
        - 4 * metrics["pRestless"]
        + 2 * metrics["pOutputNumber"]
    )
