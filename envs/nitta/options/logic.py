"""Turning logic into truth tables, chains into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from gymcc.envs.nitta.functions import Function, Kind, Table
from gymcc.envs.nitta.graph import Waiting
from gymcc.envs.nitta.options.base import Decision, DecisionKind, Json, Option, function_view, refactored
from gymcc.envs.nitta.state import Synthesis

SCORE = 6000.0
_VALUES: dict[Kind, Callable[[tuple[bool, ...]], bool]] = {
    Kind.AND: all,
    Kind.OR: any,
    Kind.NOT: lambda row: not row[0],
}


@dataclass(frozen=True, slots=True)
class OptimizeLogicalUnit(Decision):
    """All waiting logic, ``old``, becomes the truth tables ``new``."""

    old: tuple[Function, ...]
    new: tuple[Function, ...]

    kind = DecisionKind.OPTIMIZE_LOGICAL_UNIT

    def apply(self, state: Synthesis) -> Synthesis:
        return state.but(waiting=refactored(state.waiting, self.old, self.new), last_buffered=())

    def phrase(self, state: Synthesis) -> str:
        return f"turn {len(self.old)} functions of logic into {len(self.new)} truth tables"

    def view(self, state: Synthesis) -> Json:
        return {"lOld": [function_view(f) for f in self.old], "lNew": [function_view(f) for f in self.new]}


def offered(waiting: Waiting) -> Iterator[Option]:
    """The one option, where any logic waits."""
    old = tuple(f for f in waiting.functions if f.kind in _VALUES)
    if old:
        yield Option(OptimizeLogicalUnit(old, merged(old)), {"mergedFuncNumber": 0}, SCORE)


def merged(functions: tuple[Function, ...]) -> tuple[Function, ...]:
    """The functions as truth tables, chains as one, in the order in which NITTA appends them.

    NITTA sorts from the last users to the first producers, layer by layer, and merges neighbours of that order only.
    """
    chains: list[list[Function]] = []
    for function in _users_first(functions):
        if chains and _feeds(function, chains[-1][-1]):
            chains[-1].append(function)
        else:
            chains.append([function])
    return tuple(table for chain in reversed(chains) for table in _merged_chain(chain))


def _users_first(functions: tuple[Function, ...]) -> list[Function]:
    ordered: list[Function] = []
    left = list(functions)
    while left:
        layer = [f for f in left if not any(_feeds(f, user) for user in left if user is not f)]
        ordered += layer
        left = [f for f in left if f not in layer]
    return ordered


def _feeds(producer: Function, user: Function) -> bool:
    return not producer.produced.isdisjoint(user.inputs)


def _merged_chain(chain: list[Function]) -> list[Function]:
    """Each function of the chain feeds the one before it; one with a single output becomes part of that."""
    tables = [to_table(chain[0])]
    for producer in chain[1:]:
        if len(producer.produced) == 1:
            tables[-1] = _substituted(tables[-1], to_table(producer))
        else:
            tables.append(to_table(producer))
    return tables


def to_table(function: Function) -> Function:
    """The truth table of a logic function."""
    if function.kind is Kind.TRUTH_TABLE:
        return function
    value = _VALUES[function.kind]
    rows: Table = tuple((row, value(row)) for row in product((False, True), repeat=len(function.inputs)))
    return Function(Kind.TRUTH_TABLE, function.inputs, function.outputs, rows)


def _substituted(consumer: Function, producer: Function) -> Function:
    """The consumer with the producer's table in place of its output; inputs sorted."""
    (variable,) = producer.produced
    inputs = tuple(sorted((*producer.inputs, *(v for v in consumer.inputs if v != variable))))
    inner, outer = dict(producer.detail), dict(consumer.detail)
    rows = []
    for row in product((False, True), repeat=len(inputs)):
        values = dict(zip(inputs, row, strict=True))
        values[variable] = inner[tuple(values[v] for v in producer.inputs)]
        rows.append((row, outer[tuple(values[v] for v in consumer.inputs)]))
    return Function(Kind.TRUTH_TABLE, inputs, consumer.outputs, tuple(rows))
