"""Merging two functions of the accumulator into one chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gymcc.envs.nitta.functions import AccSteps, Function, Kind, acc
from gymcc.envs.nitta.graph import Graph, Waiting
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option, function_view
from gymcc.envs.nitta.state import Synthesis

SCORE = 5000.0
_KINDS = (Kind.ADD, Kind.SUB, Kind.NEG, Kind.ACC)
_FLIPPED = {"+": "-", "-": "+"}


@dataclass(frozen=True, slots=True)
class OptimizeAccum(Decision):
    """``consumer`` takes the only output of ``producer``; ``merged`` does the work of both."""

    consumer: Function
    producer: Function
    merged: Function

    kind = DecisionKind.OPTIMIZE_ACCUM

    def apply(self, state: Synthesis) -> Synthesis:
        old = (self.consumer, self.producer)
        algorithm = Graph((self.merged, *(f for f in state.algorithm.functions if f not in old)))
        waiting = Waiting((self.merged, *(f for f in state.waiting.functions if f not in old)), algorithm)
        return state.but(waiting=waiting, last_buffered=())

    def phrase(self, state: Synthesis) -> str:
        return f"merge into {self.merged.text}"

    def view(self, state: Synthesis) -> Json:
        return {
            "old": [function_view(self.consumer), function_view(self.producer)],
            "new": [function_view(self.merged)],
        }


def offered(waiting: Waiting) -> Iterator[Option]:
    """Every pair of waiting functions of which one takes the other's only output."""
    functions = [f for f in waiting.functions if f.kind in _KINDS]
    for producer in functions:
        if len(producer.produced) != 1:
            continue
        for consumer in functions:
            if producer.produced.issubset(consumer.inputs):
                yield Option(OptimizeAccum(consumer, producer, merge(consumer, producer)), {}, SCORE)


def merge(consumer: Function, producer: Function) -> Function:
    """One chain: what the producer pushes stands where the consumer pushed its output; each result is pulled alone."""
    (variable,) = producer.produced
    pushed = [step for step in steps(producer) if step[0] != "="]
    merged: list[tuple[str, tuple[str, ...]]] = []
    for sign, variables in steps(consumer):
        if variables == (variable,) and sign != "=":
            merged += [(s if sign == "+" else _FLIPPED[s], v) for s, v in pushed]
        elif sign == "=":
            merged += [("=", (v,)) for v in variables]
        else:
            merged.append((sign, variables))
    return acc(merged)


def steps(function: Function) -> AccSteps:
    """A function of the accumulator as pushes and pulls."""
    if function.kind is Kind.ACC:
        detail: AccSteps = function.detail
        return detail
    signs = {Kind.ADD: "++", Kind.SUB: "+-", Kind.NEG: "-"}[function.kind]
    pushes = tuple((sign, (v,)) for sign, v in zip(signs, function.inputs, strict=True))
    return (*pushes, ("=", function.outputs[0]))
