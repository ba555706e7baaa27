"""SPI: values from and to the outside, in no particular order (nitta, ``ProcessorUnits/IO/SPI.hs``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from gymcc.envs.nitta.functions import Function, Kind, Variables, without
from gymcc.envs.nitta.units.base import Endpoint, Unit


@dataclass(frozen=True, eq=False)
class Spi(Unit):
    """``receives``: variables of each value still to be given, what was last given from first, then the newest first;
    ``sends``: variables still to be taken, newest first.
    """

    accepted_kinds = frozenset({Kind.SEND, Kind.RECEIVE})
    receives: tuple[Variables, ...] = ()
    sends: tuple[str, ...] = ()

    def accepts(self, function: Function) -> bool:
        return self.fitting((function,))[0]

    def fitting(self, functions: Sequence[Function]) -> list[bool]:
        held, fits = [f.kind for f in self.functions], []
        for function in functions:
            fits.append(function.kind in self.accepted_kinds and held.count(function.kind) < self.spec.buffer_size)
            if fits[-1]:
                held.append(function.kind)
        return fits

    def _bound(self, function: Function) -> dict[str, Any]:
        if function.kind is Kind.SEND:
            return {"sends": (*function.inputs, *self.sends)}
        return {"receives": (function.outputs[0], *self.receives)}

    def _endpoints(self) -> Iterable[Endpoint]:
        for variables in self.receives:
            yield Endpoint(True, variables, self.next_tick + 1)
        for variable in self.sends:
            yield Endpoint(False, (variable,), self.next_tick)

    def _take(self, variable: str, tick: int) -> Self:
        return self.but(sends=without(self.sends, (variable,)), next_tick=tick + 1)

    def _give(self, variables: frozenset[str], tick: int) -> Self:
        given = next(group for group in self.receives if not variables.isdisjoint(group))
        others = tuple(group for group in self.receives if group is not given)
        rest = without(given, variables)
        return self.but(receives=(rest, *others) if rest else others, next_tick=tick + 1)
