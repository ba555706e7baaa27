"""Functions as a data-flow graph: who produces and who consumes a variable, and in which wave."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.values import Value, remembered


@dataclass(frozen=True, eq=False)
class Graph(Value):
    """Functions in order, with what follows from them computed once; states that share functions share it."""

    functions: tuple[Function, ...]

    @remembered
    def variables(self) -> frozenset[str]:
        """All variables."""
        return frozenset[str]().union(*(function.variables for function in self.functions))

    @remembered
    def consumer(self) -> Mapping[str, Function]:
        """The function that takes a variable."""
        return {variable: function for function in self.functions for variable in function.inputs}

    @remembered
    def producer(self) -> Mapping[str, Function]:
        """The function that gives a variable."""
        return {variable: function for function in self.functions for variable in function.produced}

    @remembered
    def wave(self) -> Mapping[str, int]:
        """How many functions the longest chain to a variable has, 0 for a source; see :meth:`waves`."""
        return self.waves(frozenset())

    def waves(self, free: Set[str]) -> dict[str, int]:
        """How many functions the longest chain to a variable has, 0 for a source, where ``free`` variables are there.

        Variables that hang on no source have none. A loop gives its value before it takes the next one: a source.
        """
        waves: dict[str, int] = {}
        pending = self._producers_first
        while pending:
            left = tuple(f for f in pending if not _assign_wave(f, free, waves))
            if len(left) == len(pending):
                break
            pending = left
        return waves

    @remembered
    def _producers_first(self) -> tuple[Function, ...]:
        """The functions in an order in which one pass is enough for :meth:`waves`."""
        waves: dict[str, int] = {}
        ordered, pending = [], list(self.functions)
        while pending:
            ready = [f for f in pending if _assign_wave(f, frozenset(), waves)]
            if not ready:
                break
            ordered += ready
            pending = [f for f in pending if f not in ready]
        return (*ordered, *pending)

    def use_wave(self, function: Function) -> int | None:
        """The wave of its latest input; None where that hangs on no source."""
        return last_wave(function, self.wave)


def _assign_wave(function: Function, free: Set[str], waves: dict[str, int]) -> bool:
    """Enter the wave of what ``function`` gives; False if an input has none yet."""
    latest = 0
    if function.kind is not Kind.LOOP:
        for variable in function.inputs:
            if variable not in free:
                wave = waves.get(variable)
                if wave is None:
                    return False
                latest = max(latest, wave + 1)
    for variable in function.produced:
        waves[variable] = latest
    return True


def last_wave(function: Function, wave: Mapping[str, int]) -> int | None:
    """The wave of the latest input of ``function``; None where one has none."""
    waves = [wave.get(variable) for variable in function.inputs]
    return None if None in waves else max((wave for wave in waves if wave is not None), default=0)


@dataclass(frozen=True, eq=False)
class Waiting(Graph):
    """The functions of ``algorithm`` that are not bound yet, in NITTA's order."""

    algorithm: Graph

    @remembered
    def bind_waves(self) -> Mapping[str, int]:
        """Waves of the algorithm where what only bound functions use is there."""
        return self.algorithm.waves(self.algorithm.variables - self.variables)

    @remembered
    def prospects(self) -> tuple[tuple[Function, int | None, float], ...]:
        """Each function with the wave of its latest input, and the share of its inputs whose producers are bound."""
        return tuple((f, last_wave(f, self.bind_waves), self._share_bound(f)) for f in self.functions)

    def _share_bound(self, function: Function) -> float:
        if not function.inputs:
            return 1.0
        return sum(variable not in self.producer for variable in function.inputs) / len(function.inputs)

    def less(self, gone: Set[Function]) -> Waiting:
        """Without some functions."""
        return Waiting(tuple(f for f in self.functions if f not in gone), self.algorithm)
