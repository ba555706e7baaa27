"""Putting the next value on the bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option
from gymcc.envs.nitta.schedule import Transport
from gymcc.envs.nitta.state import Past, Synthesis
from gymcc.envs.nitta.units import Endpoint, InvalidDecision, Unit

Targets = tuple[tuple[int, str], ...]  # position of a unit, the variable it takes


@dataclass(frozen=True, slots=True)
class Dataflow(Decision):
    """At ``tick`` the unit at ``source`` gives ``targets``, of all the ``variables`` it offers."""

    source: int
    variables: tuple[str, ...]
    targets: Targets
    tick: int
    latest: int

    kind = DecisionKind.DATAFLOW
    fallible = True

    def apply(self, state: Synthesis) -> Synthesis:
        if self.tick > self.latest:
            raise InvalidDecision(f"{', '.join(self.variables)} would be given at {self.tick}, after {self.latest}")
        sent = [variable for _, variable in self.targets]
        changes = {self.source: state.units[self.source].give(sent, self.tick)}
        try:
            for at, variable in self.targets:
                changes[at] = changes.get(at, state.units[at]).take(variable, self.tick)
        except StopIteration:  # a variable that was buffered twice names two values
            raise InvalidDecision(f"{self.variables} are not what the units at {self.targets} wait for") from None
        named = tuple((state.units[at].tag, variable) for at, variable in self.targets)
        transport = Transport(self.tick, state.units[self.source].tag, named)
        return state.but(
            units=state.replaced(changes),
            bus_next=self.tick + 1,
            sent=state.sent + len(sent),
            last_buffered=(),
            past=Past(transport, state.past),
        )

    def may_fail(self, state: Synthesis) -> bool:
        """Results of a divider may be late, or what it waits for itself; renamed variables may name two values."""
        units = state.units
        if _is_delicate(units[self.source]):
            return True
        return any(_is_delicate(units[at]) for at, _ in self.targets)

    def phrase(self, state: Synthesis) -> str:
        targets = ", ".join(f"{variable} to {state.units[at].tag}" for at, variable in self.targets)
        return f"at {self.tick} {state.units[self.source].tag} gives {targets}"

    def view(self, state: Synthesis) -> Json:
        at = [self.tick, self.tick]
        source = {"epAt": at, "epRole": {"tag": "Source", "contents": list(self.variables)}}
        return {
            "source": [state.units[self.source].tag, source],
            "targets": [
                [state.units[unit].tag, {"epAt": at, "epRole": {"tag": "Target", "contents": variable}}]
                for unit, variable in self.targets
            ],
        }


def _is_delicate(unit: Unit) -> bool:
    return unit.type is UnitType.DIVIDER or bool(unit.renames)


def decisions(state: Synthesis) -> Iterator[tuple[Endpoint, Dataflow]]:
    """All transports: what is wanted of a source goes at once; one variable to each unit."""
    welcome = state.targets
    for at, source in state.sources:
        wanted: dict[int, list[str]] = {}
        for variable in source.variables:
            if variable in welcome:
                wanted.setdefault(welcome[variable], []).append(variable)
        if not wanted:
            continue
        units = sorted(wanted)
        for choice in product(*(wanted[unit] for unit in units)):
            targets = tuple(zip(units, choice, strict=True))
            ready = [state.units[unit].targets[variable].earliest for unit, variable in targets]
            tick = max(state.bus_next, source.earliest, *ready)
            yield source, Dataflow(at, source.variables, targets, tick, source.latest)


def offered(state: Synthesis) -> Iterator[Option]:
    """All transports with NITTA's metrics."""
    found = list(decisions(state))
    algorithm, moving = state.algorithm, state.transferable
    for source, decision in found:
        users = [algorithm.consumer[variable] for _, variable in decision.targets]
        waves = [algorithm.use_wave(user) for user in users]
        metrics = {
            "pWaitTime": max(source.earliest, state.bus_next),
            "pRestrictedTime": source.restricted,
            "pNotTransferableInputs": tuple(
                [len(user.inputs) - sum(map(moving.__contains__, user.inputs)) for user in users]
            ),
            "pFirstWaveOfTargetUse": min((wave + 1 for wave in waves if wave is not None), default=0),
        }
        yield Option(decision, metrics, score(metrics, len(found)))


def score(metrics: Json, alternatives: int) -> float:
    """NITTA's default score of a transport among ``alternatives``."""
    return float(
        2000
        + 1000 * (alternatives >= 20)
        + 200 * metrics["pRestrictedTime"]
        - 5 * sum(metrics["pNotTransferableInputs"])
        - metrics["pWaitTime"]
        - metrics["pFirstWaveOfTargetUse"]
    )
