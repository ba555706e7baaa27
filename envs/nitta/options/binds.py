"""Binding one function to a unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.graph import Graph, last_wave
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
        waiting = Graph(tuple(f for f in state.waiting.functions if f != self.function))
        units = state.replaced({self.at: state.units[self.at].bind(self.function)})
        return replace(state, waiting=waiting, units=units, last_buffered=())

    def view(self, state: Synthesis) -> Json:
        return {"function": function_view(self.function), "pu": state.units[self.at].tag}


def candidates(state: Synthesis) -> list[tuple[Function, list[int]]]:
    """Every waiting function with the positions of the units that accept it now."""
    return [
        (function, [at for at, unit in enumerate(state.units) if unit.accepts(function)])
        for function in state.waiting.functions
    ]


def offered(state: Synthesis) -> Iterator[Option]:
    """All single binds, function by function, unit by unit."""
    waves = state.algorithm.waves(state.algorithm.variables - state.waiting.variables)
    waits = held_back(state)
    for function, accepting in candidates(state):
        if not accepting:
            continue
        wave = last_wave(function, waves)
        bound_inputs = share_bound(function, state.waiting)
        restless = max((waits.get(v, 0) for v in function.inputs), default=0)
        for at in accepting:
            unit = state.units[at]
            metrics = {
                "pCritical": function.kind is Kind.LOOP,
                "pAlternative": len(accepting),
                "pRestless": restless,
                "pOutputNumber": len(function.produced),
                "pAllowDataFlow": allowed_dataflow(unit, function),
                "pPossibleDeadlock": any(by in unit.variables for _, by in function.locks),
                "pNumberOfBoundFunctions": len(unit.functions),
                "pPercentOfBoundInputs": bound_inputs,
                "pWave": wave,
            }
            yield Option(SingleBind(function, at), metrics, score(metrics))


def held_back(state: Synthesis) -> dict[str, int]:
    """Variables whose source could give something now, but not them: the tick at which it could."""
    return {
        variable: max(source.earliest, state.bus_next)
        for _, source in state.sources
        if not state.transferable.isdisjoint(source.variables)
        for variable in source.variables
        if variable not in state.targets
    }


def share_bound(function: Function, waiting: Graph) -> float:
    """Share of the inputs whose producers are bound."""
    if not function.inputs:
        return 1.0
    return sum(variable not in waiting.producer for variable in function.inputs) / len(function.inputs)


def allowed_dataflow(unit: Unit, function: Function) -> int:
    """How many variables of ``function`` the unit would take at once if it were bound."""
    targets = {v for e in unit.bind(function).endpoints if not e.is_source for v in e.variables}
    return len(targets & function.variables)


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
