"""What all processing units have in common: names, endpoints, locks, and how renamed outputs look from outside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables
from gymcc.envs.nitta.microarchitecture import UnitSpec, UnitType
from gymcc.envs.nitta.values import Value, remembered

FOREVER = 2**63 - 1  # how NITTA prints an unbounded tick
Lock = tuple[str, str]  # (locked, lock_by)


class InvalidDecision(ValueError):
    """A decision whose result NITTA cannot evaluate: its server closes the connection; the message says why."""


class Endpoint(NamedTuple):
    """What a unit offers to take from the bus, or to put on it, next.

    A target has one variable. ``earliest`` and ``latest`` bound the tick of the transport; ``restricted`` says that
    the duration of a source is bounded too.
    """

    is_source: bool
    variables: Variables
    earliest: int
    latest: int = FOREVER
    restricted: bool = False


@dataclass(frozen=True, eq=False)
class Unit(Value, ABC):
    """A processing unit with its part of the schedule, as a value. Not slotted: what it offers is computed once.

    ``functions`` bound to it, newest first, under the names of the network; ``next_tick`` the tick after its last
    instruction; ``renames`` pairs (name inside the unit, name outside), made when a buffer is put behind an output.
    """

    spec: UnitSpec
    functions: tuple[Function, ...] = ()
    next_tick: int = 0
    renames: tuple[tuple[str, str], ...] = ()

    accepted_kinds: ClassVar[frozenset[Kind]]

    @property
    def tag(self) -> str:
        """Its name on the bus."""
        return self.spec.tag

    @property
    def type(self) -> UnitType:
        """Its type."""
        return self.spec.type

    # What it offers

    def accepts(self, function: Function) -> bool:
        """Whether ``function`` can be bound now."""
        return function.kind in self.accepted_kinds

    def fitting(self, functions: Sequence[Function]) -> list[bool]:
        """Of functions to be bound one after the other, which still fit beside those before."""
        return [self.accepts(function) for function in functions]

    @remembered
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All that it offers now, under the names of the network."""
        offered = tuple(self._endpoints())
        if not self.renames:
            return offered
        names = dict(self.renames)
        return tuple(
            e._replace(variables=tuple(sorted({names.get(v, v) for v in e.variables}))) if e.is_source else e
            for e in offered
        )

    @remembered
    def sources(self) -> tuple[Endpoint, ...]:
        """What it would give now."""
        return tuple(e for e in self.endpoints if e.is_source)

    @remembered
    def targets(self) -> dict[str, Endpoint]:
        """What it would take now, by variable."""
        return {e.variables[0]: e for e in self.endpoints if not e.is_source}

    @remembered
    def locks(self) -> frozenset[Lock]:
        """Pairs (locked, lock_by) by which deadlocks are found, under the names of the network.

        NITTA renames one side of a pair: the locked variable if it has a new name, else the other.
        """
        if not self.renames:
            return frozenset(self._locks())
        names = dict(self.renames)
        return frozenset(
            (names[locked], by) if locked in names else (locked, names.get(by, by)) for locked, by in self._locks()
        )

    @remembered
    def variables(self) -> frozenset[str]:
        """All variables of the functions bound here, under the names of the network."""
        return frozenset[str]().union(*(function.variables for function in self.functions))

    @remembered
    def reversed_locks(self) -> frozenset[Lock]:
        """The locks the other way round: what another unit would have to say for the two to wait for each other."""
        return frozenset((by, locked) for locked, by in self.locks)

    @remembered
    def self_sent(self) -> frozenset[str]:
        """What it would have to send to itself."""
        given = frozenset([v for e in self.sources for v in e.variables])
        return frozenset([v for f in self.functions for v in f.inputs if v in given]) if given else given

    def fit(self, function: Function) -> tuple[int, bool] | None:
        """None if ``function`` cannot be bound; else how many of its variables would be taken at once, and whether
        a variable that it waits for is in use here already. Remembered: most units stay as they are in a step.
        """
        fits, name = self._fits, function.text
        if name not in fits:
            fits[name] = self._fit(function) if self.accepts(function) else None
        return fits[name]

    @remembered
    def offers(self) -> dict[Any, Any]:
        """For whoever computes something of this unit and a function: results to be found again."""
        return {}

    @remembered
    def _fits(self) -> dict[str, tuple[int, bool] | None]:
        return {}

    def _fit(self, function: Function) -> tuple[int, bool]:
        bound = self.but(**self._bound(function))
        taken = {v for e in bound._endpoints() if not e.is_source for v in e.variables}
        return len(taken & function.variables), any(by in self.variables for _, by in function.locks)

    # What happens to it

    def bind(self, function: Function) -> Self:
        """The unit with one function more; only after :meth:`accepts`."""
        return self.but(functions=(function, *self.functions), **self._bound(function))

    def take(self, variable: str, tick: int) -> Self:
        """The unit after it took ``variable`` from the bus."""
        return self._take(variable, tick)

    def give(self, variables: Iterable[str], tick: int) -> Self:
        """The unit after it put ``variables``, as named by the network, on the bus."""
        gone = set(variables)
        inside = {old for old, new in self.renames if new in gone}
        return self._give(frozenset(gone.difference(new for _, new in self.renames) | inside), tick)

    def rename(self, names: Iterable[tuple[str, str]], function_names: dict[str, str]) -> Self:
        """The unit after its outputs were renamed ``(old, new)``; an older rename of the same output stays."""
        known = dict(names) | dict(self.renames)
        functions = tuple(f.renamed({}, function_names) for f in self.functions)
        return self.but(renames=tuple(sorted(known.items())), functions=functions)

    @property
    def breakable(self) -> tuple[Function, ...]:
        """Loops held here that are not broken yet."""
        return ()

    @abstractmethod
    def _endpoints(self) -> Iterable[Endpoint]: ...

    def _locks(self) -> Iterable[Lock]:
        return ()

    @abstractmethod
    def _bound(self, function: Function) -> dict[str, Any]:
        """What changes when ``function`` is bound, but for ``functions``."""

    @abstractmethod
    def _take(self, variable: str, tick: int) -> Self: ...

    @abstractmethod
    def _give(self, variables: frozenset[str], tick: int) -> Self: ...


def if_busy(next_tick: int) -> int:
    """Earliest tick of an instruction that needs a gap after the one before, if there was one."""
    return next_tick + 1 if next_tick else 0
