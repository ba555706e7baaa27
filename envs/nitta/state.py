"""The state of a synthesis: what is bound where, and how far the schedule has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.graph import Graph, Waiting
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.schedule import Schedule, Transport
from gymcc.envs.nitta.units import Endpoint, Unit, make_unit
from gymcc.envs.nitta.values import Value, remembered


@dataclass(frozen=True, slots=True)
class Past:
    """Transports so far, newest first, as a list that states share."""

    transport: Transport
    before: Past | None


@dataclass(frozen=True, eq=False)
class Synthesis(Value):
    """A node of the synthesis tree without its way there. Two states with equal fields have equal futures.

    ``waiting``: the functions not bound yet, which know all of the algorithm after the refactorings so far. ``units``
    sorted by tag, ``hosts`` the positions of those for a kind of function. ``bus_next``: first tick at which the bus is
    free. ``sent``: variables transferred so far. ``last_buffered``: variables of the buffer that the last decision, if
    it was one, put in. ``past`` (not compared): the transports. Not slotted: what follows from a state is remembered.
    """

    waiting: Waiting
    units: tuple[Unit, ...]
    hosts: Mapping[Kind, tuple[int, ...]] = field(compare=False, repr=False)
    network: str = field(default="net1", compare=False)
    prototypes: tuple[UnitSpec, ...] = ()
    bus_next: int = 0
    sent: int = 0
    last_buffered: tuple[str, ...] = ()
    past: Past | None = field(default=None, compare=False, repr=False)

    @property
    def algorithm(self) -> Graph:
        """All functions, bound or not."""
        return self.waiting.algorithm

    @property
    def duration(self) -> int:
        """Tick of the last transport, -1 before the first."""
        return self.past.transport.tick if self.past else -1

    @property
    def is_complete(self) -> bool:
        """Whether every variable was transferred."""
        return self.sent == len(self.algorithm.variables)

    @remembered
    def targets(self) -> dict[str, int]:
        """Variables that a unit would take now, and the unit's position."""
        found: dict[str, int] = {}
        for at, unit in enumerate(self.units):
            found.update(dict.fromkeys(unit.targets, at))
        return found

    @remembered
    def sources(self) -> list[tuple[int, Endpoint]]:
        """What units would give now: position of the unit, endpoint; in order of units."""
        return [(at, e) for at, unit in enumerate(self.units) for e in unit.sources]

    @remembered
    def transferable(self) -> frozenset[str]:
        """Variables that could be transferred next."""
        welcome = self.targets
        return frozenset([v for _, source in self.sources for v in source.variables if v in welcome])

    def replaced(self, changes: dict[int, Unit]) -> tuple[Unit, ...]:
        """The units with those at some positions replaced."""
        units = list(self.units)
        for at, unit in changes.items():
            units[at] = unit
        return tuple(units)

    def schedule(self) -> Schedule:
        """What has been decided so far, as plain data."""
        transports, past = [], self.past
        while past:
            transports.append(past.transport)
            past = past.before
        bound = tuple((unit.tag, unit.functions) for unit in self.units)
        return Schedule(tuple(reversed(transports)), bound, self.waiting.functions)


def initial(program: Program, microarchitecture: Microarchitecture) -> Synthesis:
    """The root of a program's tree: everything waits, in reverse source order."""
    waiting = Waiting(tuple(reversed(program.functions)), Graph(program.functions))
    units = tuple(make_unit(spec) for spec in sorted(microarchitecture.units, key=lambda spec: spec.tag))
    return Synthesis(waiting, units, hosts_of(units), microarchitecture.name, microarchitecture.prototypes)


def hosts_of(units: Sequence[Unit]) -> dict[Kind, tuple[int, ...]]:
    """The positions of the units that do each kind of function."""
    return {kind: tuple(at for at, unit in enumerate(units) if kind in unit.accepted_kinds) for kind in Kind}
