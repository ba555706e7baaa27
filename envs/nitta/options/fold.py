"""Computing a function of constants before the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gymcc.envs.nitta.evaluate import compute
from gymcc.envs.nitta.functions import Function, Kind, constant
from gymcc.envs.nitta.graph import Waiting
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option, function_view, refactored
from gymcc.envs.nitta.state import Synthesis

SCORE = 5050.0


@dataclass(frozen=True, slots=True)
class ConstantFolding(Decision):
    """``function`` and the ``constants`` it takes become ``results`` and those of the constants used elsewhere."""

    function: Function
    constants: tuple[Function, ...]
    results: tuple[Function, ...]

    kind = DecisionKind.CONSTANT_FOLDING

    def apply(self, state: Synthesis) -> Synthesis:
        old, new = (self.function, *self.constants), (*self.results, *self.constants)
        return state.but(waiting=refactored(state.waiting, old, new), last_buffered=())

    def phrase(self, state: Synthesis) -> str:
        return f"compute {self.function.text}"

    def view(self, state: Synthesis) -> Json:
        return {
            "cRefOld": [function_view(f) for f in (self.function, *self.constants)],
            "cRefNew": [function_view(f) for f in (*self.results, *self.constants)],
        }


def offered(waiting: Waiting) -> Iterator[Option]:
    """Every waiting function all of whose inputs are waiting constants."""
    constants = {v: f for f in waiting.functions if f.kind is Kind.CONSTANT for v in f.produced}
    for function in waiting.functions if constants else ():
        if function.inputs and function.produced and all(variable in constants for variable in function.inputs):
            needed = {constants[variable] for variable in function.inputs}
            taken = tuple(f for f in waiting.functions if f in needed)
            values = [constants[variable].detail for variable in function.inputs]
            # NITTA simulates one cycle, so a loop that is fed a constant becomes its first value, for good.
            first = (function.detail,) if function.kind is Kind.LOOP else None
            computed = first or compute(function, values, values[0].type)
            results = [
                constant(value, [variable])
                for value, group in zip(computed, function.outputs, strict=True)
                for variable in group
            ]
            yield Option(ConstantFolding(function, taken, tuple(results)), {}, SCORE)
