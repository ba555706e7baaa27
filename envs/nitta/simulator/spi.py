"""SPI: the values that come from outside and go there, up to ``buffer_size`` each per iteration."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import UnitSpec
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.simulator.unit import UnitModel


class Spi(UnitModel):
    """Received values can be read in any order, any number of times; see ``received``, set before an iteration."""

    kinds = frozenset({Kind.SEND, Kind.RECEIVE})
    sends_to_itself = True

    def __init__(self, spec: UnitSpec, functions: Sequence[Function], number_type: NumberType) -> None:
        super().__init__(spec, functions, number_type)
        for kind in (Kind.SEND, Kind.RECEIVE):
            count = sum(f.kind is kind for f in self.functions)
            if count > spec.buffer_size:
                raise self.error(f"{count} values to {kind} for a buffer of {spec.buffer_size}")
        self.received: dict[Function, Fixed] = {}

    def give(self, tick: int, variables: Sequence[str]) -> Fixed:
        self.not_before(self.next_tick + 1, tick, variables[0], "a read is issued one tick ahead")
        self.next_tick = tick + 1
        return self.received[self.producers[variables[0]]]

    def take(self, tick: int, variable: str, value: Fixed) -> None:
        self.not_before(self.next_tick, tick, variable, "the unit is busy")
        self.next_tick = tick + 1
