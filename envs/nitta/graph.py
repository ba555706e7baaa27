"""Functions as a data-flow graph: who produces and who consumes a variable, and in which wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.values import Value, remembered

_Step = tuple[tuple[str, ...], frozenset[str]]  # variables that are waited for, variables given


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
    def given(self) -> frozenset[str]:
        """All that the functions give."""
        return frozenset[str]().union(*(function.produced for function in self.functions))

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

        Variables that hang on no source have none, nor have those of a function that gives free ones only. A loop gives
        its value before it takes the next one: a source.
        """
        waves: dict[str, int] = {}
        pending = [step for step in self._steps if not step[1] <= free]
        while pending:
            left = [step for step in pending if not _entered(step, free, waves)]
            if len(left) == len(pending):
                break
            pending = left
        return waves

    @remembered
    def _steps(self) -> tuple[_Step, ...]:
        """What waits for what, sources first: in that order one pass is enough for nearly all of :meth:`waves`."""
        steps = [(() if f.kind is Kind.LOOP else f.inputs, f.produced) for f in self.functions if f.produced]
        return tuple(sorted(steps, key=lambda step: bool(step[0])))

    def use_wave(self, function: Function) -> int | None:
        """The wave of its latest input; None where that hangs on no source."""
        return last_wave(function, self.wave)


def _entered(step: _Step, free: Set[str], waves: dict[str, int]) -> bool:
    """Enter the wave of what a function gives; False if an input has none yet."""
    inputs, outputs = step
    latest = 0
    for variable in inputs:
        if variable not in free:
            wave = waves.get(variable)
            if wave is None:
                return False
            if wave >= latest:
                latest = wave + 1
    for variable in outputs:
        waves[variable] = latest
    return True


def last_wave(function: Function, wave: Mapping[str, int]) -> int | None:
    """The wave of the latest input of ``function``; None where one has none."""
    latest = 0
    for variable in function.inputs:
        found = wave.get(variable)
        if found is None:
            return None
        if found > latest:
            latest = found
    return latest


@dataclass(frozen=True, eq=False)
class Waiting(Graph):
    """The functions of ``algorithm`` that are not bound yet, in NITTA's order."""

    algorithm: Graph

    @remembered
    def offers(self) -> dict[str, Any]:
        """For whoever computes something of these functions: results to be found again."""
        return {}

    @remembered
    def waves_of(self) -> tuple[int | None, ...]:
        """By function, the wave of its latest input, where what only bound functions use is there."""
        waves = self.algorithm.waves(self.algorithm.variables - self.variables)
        return tuple([last_wave(function, waves) for function in self.functions])

    @remembered
    def shares_bound(self) -> tuple[float, ...]:
        """By function, the share of its inputs whose producers are bound."""
        return tuple([self._share_bound(function) for function in self.functions])

    def _share_bound(self, function: Function) -> float:
        if not function.inputs:
            return 1.0
        waiting = sum(map(self.given.__contains__, function.inputs))
        return (len(function.inputs) - waiting) / len(function.inputs)

    def less(self, gone: Iterable[Function]) -> Waiting:
        """Without some functions."""
        texts = {function.text for function in gone}
        return Waiting(tuple(f for f in self.functions if f.text not in texts), self.algorithm)
