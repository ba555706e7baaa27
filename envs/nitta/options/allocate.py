"""Adding a unit from a prototype; restated from NITTA's sources, not held against a recorded server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gymcc.envs.nitta.functions import Function
from gymcc.envs.nitta.microarchitecture import UnitSpec, UnitType
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option
from gymcc.envs.nitta.state import Synthesis, hosts_of
from gymcc.envs.nitta.units import Unit, make_unit

TEMPLATE = "{x}"
_PARALLELISM = {UnitType.FRAM: "Full", UnitType.SPI: "Full", UnitType.DIVIDER: "Pipeline"}


@dataclass(frozen=True, slots=True)
class Allocation(Decision):
    """A unit made of ``prototype`` joins the network; one without a template in its tag can be made once."""

    prototype: UnitSpec

    kind = DecisionKind.ALLOCATION

    def apply(self, state: Synthesis) -> Synthesis:
        unit = make_unit(replace(self.prototype, tag=self.tag(state)))
        units = tuple(sorted((*state.units, unit), key=lambda unit: unit.tag))
        prototypes = state.prototypes
        if TEMPLATE not in self.prototype.tag:
            prototypes = tuple(spec for spec in prototypes if spec != self.prototype)
        return state.but(units=units, hosts=hosts_of(units), prototypes=prototypes, last_buffered=())

    def tag(self, state: Synthesis) -> str:
        """The new unit's name on the bus."""
        return f"{state.network}_{self.prototype.tag.replace(TEMPLATE, str(len(state.units)))}"

    def phrase(self, state: Synthesis) -> str:
        return f"add a unit {self.tag(state)} of type {self.prototype.type}"

    def view(self, state: Synthesis) -> Json:
        return {"networkTag": state.network, "processUnitTag": self.tag(state)}


def offered(state: Synthesis) -> Iterator[Option]:
    """Every prototype that some waiting function could use."""
    for spec in state.prototypes:
        unit = make_unit(spec)
        related = [f for f in state.waiting.functions if unit.accepts(f)]
        if related:
            metrics = _metrics(state, unit, related)
            yield Option(Allocation(spec), metrics, score(state, metrics))


def _metrics(state: Synthesis, unit: Unit, related: list[Function]) -> Json:
    """How many functions wait for such a unit, wave by wave, and how many units could take the rarest of them."""
    waves = Counter(
        wave for f, wave in zip(state.waiting.functions, state.waiting.waves_of, strict=True) if f in related
    )
    hosts = [sum(other.accepts(f) for other in state.units) for f in related]
    return {
        "mParallelism": _PARALLELISM.get(unit.type, "None"),
        "mRelatedRemains": len(related),
        "mMinPusForRemains": min(hosts),
        "mMaxParallels": max(waves.values()),
        "mAvgParallels": sum(waves.values()) / len(waves),
    }


def score(state: Synthesis, metrics: Json) -> float:
    """NITTA's default score of an allocation."""
    if any(not any(unit.accepts(f) for unit in state.units) for f in state.waiting.functions):
        return 5000.0
    share = metrics["mAvgParallels"] / max(metrics["mMinPusForRemains"], 1)
    pipeline = metrics["mParallelism"] == "Pipeline"
    if metrics["mParallelism"] != "Full" and share >= (3 if pipeline else 2):
        return 4900.0
    return -1.0
