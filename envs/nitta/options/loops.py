"""Breaking a loop into the value of the last iteration and the place of the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.graph import Graph, Waiting
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.units import Fram

SCORE = 5000.0


@dataclass(frozen=True, slots=True)
class BreakLoop(Decision):
    """``loop``, bound to the memory at position ``at``, falls into its two halves."""

    loop: Function
    at: int

    kind = DecisionKind.BREAK_LOOP

    def apply(self, state: Synthesis) -> Synthesis:
        begin, end = halves(self.loop)
        memory = state.units[self.at]
        assert isinstance(memory, Fram)
        algorithm = Graph((end, begin, *(f for f in state.algorithm.functions if f != self.loop)))
        waiting = Waiting(state.waiting.functions, algorithm)
        units = state.replaced({self.at: memory.break_loop(self.loop, begin, end)})
        return state.but(waiting=waiting, units=units, last_buffered=())

    def phrase(self, state: Synthesis) -> str:
        return f"break {self.loop.text}"

    def view(self, state: Synthesis) -> Json:
        (outputs,) = self.loop.outputs
        return {"value": str(self.loop.detail), "outputs": list(outputs), "input": self.loop.inputs[0]}


def halves(loop: Function) -> tuple[Function, Function]:
    """What gives the loop's value, and what takes the next one."""
    begin = Function(Kind.LOOP_BEGIN, (), loop.outputs, loop.detail)
    return begin, Function(Kind.LOOP_END, loop.inputs, (), loop.outputs[0])


def offered(state: Synthesis) -> Iterator[Option]:
    """Every bound loop, unit by unit."""
    for at in state.hosts[Kind.LOOP]:
        for loop in state.units[at].breakable:
            yield Option(BreakLoop(loop, at), {}, SCORE)
