"""Putting a buffer behind an output, so that units which wait for each other can go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from gymcc.envs.nitta.functions import Function, Kind, Variables
from gymcc.envs.nitta.graph import Graph, Waiting
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option
from gymcc.envs.nitta.state import Synthesis

SUFFIX = "@buf"
_MOST_BUFFERS = 2  # behind one variable


@dataclass(frozen=True, slots=True)
class ResolveDeadlock(Decision):
    """The ``variables``, outputs of one function, go through a buffer."""

    variables: Variables

    kind = DecisionKind.RESOLVE_DEADLOCK

    @property
    def name(self) -> str:
        """The variable between the producer and the buffer."""
        return self.variables[0] + SUFFIX

    @property
    def buffer(self) -> Function:
        """The function put in."""
        return Function(Kind.BUFFER, (self.name,), [self.variables])

    def apply(self, state: Synthesis) -> Synthesis:
        names = dict.fromkeys(self.variables, self.name)
        algorithm = (self.buffer, *(f.renamed({}, names) for f in state.algorithm.functions))
        waiting = (self.buffer, *(f.renamed({}, names) for f in state.waiting.functions))
        units = tuple(
            unit.rename(names.items(), names) if any(f.produced & names.keys() for f in unit.functions) else unit
            for unit in state.units
        )
        return state.but(
            waiting=Waiting(waiting, Graph(algorithm)),
            units=units,
            last_buffered=self.variables,
        )

    def phrase(self, state: Synthesis) -> str:
        return f"put in {self.buffer.text}"

    def view(self, state: Synthesis) -> Json:
        renames = ", ".join(f"({variable}, [{self.name}])" for variable in self.variables)
        return {"newBuffer": self.buffer.text, "changeset": f"Changeset{{changeI=[], changeO=[{renames}]}}"}


def offered(state: Synthesis) -> Iterator[Option]:
    """For each group of variables in trouble every set of the variables of its first endpoint."""
    seen: set[Variables] = set()
    for group in (*_self_sending(state), *_lock_cycles(state)):
        troubled = {variable for variable in group if variable.count(SUFFIX) < _MOST_BUFFERS}
        for variables in _choices(state, troubled) if troubled else ():
            if variables not in seen:
                seen.add(variables)
                yield _option(state, variables)


def _option(state: Synthesis, variables: Variables) -> Option:
    metrics = {
        "pNumberOfLockedVariables": len(variables),
        "pBufferCount": sum(v.count(SUFFIX) for v in variables),
        "pNumberOfTransferableVariables": len(state.transferable.intersection(variables)),
    }
    repeated = variables == state.last_buffered
    return Option(ResolveDeadlock(variables), metrics, -2.0 if repeated else score(metrics))


def _choices(state: Synthesis, troubled: set[str]) -> list[Variables]:
    together = _endpoint_of(state, min(troubled))
    sets = (choice for size in range(1, len(together) + 1) for choice in combinations(together, size))
    return sorted(choice for choice in sets if not troubled.isdisjoint(choice))


def _self_sending(state: Synthesis) -> Iterator[frozenset[str]]:
    """Unit by unit, what it would send to itself."""
    return (unit.self_sent for unit in state.units if unit.self_sent)


def _lock_cycles(state: Synthesis) -> Iterator[set[str]]:
    """Unit by unit, what could move now but for a cycle: it locks what another unit wants moved before it."""
    locking = [unit for unit in state.units if unit.locks]
    for unit in locking if len(locking) > 1 else ():
        cycles = {by for other in locking if other is not unit for by, _ in unit.reversed_locks & other.locks}
        if cycles:
            yield cycles & {v for u in state.units for e in u.endpoints for v in e.variables}


def _endpoint_of(state: Synthesis, variable: str) -> Variables:
    """All variables of its endpoint; of two endpoints the one of the later unit counts."""
    together: Variables = (variable,)
    for unit in state.units:
        for endpoint in unit.endpoints:
            if variable in endpoint.variables:
                together = endpoint.variables
    return together


def score(metrics: Json) -> float:
    """NITTA's default score of a buffer."""
    return float(
        1000
        + metrics["pNumberOfLockedVariables"]
        - 1000 * metrics["pBufferCount"]
        - 20 * metrics["pNumberOfTransferableVariables"]
    )
