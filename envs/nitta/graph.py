"""Functions as a data-flow graph: who produces and who consumes a variable, and in which wave."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from gymcc.envs.nitta.functions import Function, Kind, without


@dataclass(frozen=True)
class Graph:
    """Functions in order, with what follows from them computed once; states that share functions share it."""

    functions: tuple[Function, ...]

    @cached_property
    def variables(self) -> frozenset[str]:
        """All variables."""
        return frozenset[str]().union(*(function.variables for function in self.functions))

    @cached_property
    def consumer(self) -> Mapping[str, Function]:
        """The function that takes a variable."""
        return {variable: function for function in self.functions for variable in function.inputs}

    @cached_property
    def producer(self) -> Mapping[str, Function]:
        """The function that gives a variable."""
        return {variable: function for function in self.functions for variable in function.produced}

    @cached_property
    def wave(self) -> Mapping[str, int]:
        """How many functions the longest chain to a variable has, 0 for a source; see :meth:`waves`."""
        return self.waves(frozenset())

    def waves(self, free: Set[str]) -> Mapping[str, int]:
        """How many functions the longest chain to a variable has, 0 for a source, where ``free`` variables are there.

        Variables that hang on no source have none. A loop gives its value before it takes the next one: a source.
        """
        waves: dict[str, int] = {}
        needs = {f: () if f.kind is Kind.LOOP else without(f.inputs, free) for f in self.functions}
        while needs:
            ready = [f for f, inputs in needs.items() if all(variable in waves for variable in inputs)]
            if not ready:
                break
            for function in ready:
                wave = max((waves[v] + 1 for v in needs.pop(function)), default=0)
                waves.update(dict.fromkeys(function.produced, wave))
        return waves

    def use_wave(self, function: Function) -> int | None:
        """The wave of its latest input; None where that hangs on no source."""
        return last_wave(function, self.wave)


def last_wave(function: Function, wave: Mapping[str, int]) -> int | None:
    """The wave of the latest input of ``function``; None where one has none."""
    waves = [wave.get(variable) for variable in function.inputs]
    return None if None in waves else max((wave for wave in waves if wave is not None), default=0)
