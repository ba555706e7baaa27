"""How many ticks a schedule must go on after a variable is transferred: the longest chain of functions behind it."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.graph import Graph

LATENCY = 3  # ticks from the last argument to the first result, of most units
DIVIDER_LATENCY = 6  # with a pipeline of 4
_ENDS = (Kind.LOOP, Kind.LOOP_END, Kind.SEND)


class Tails:
    """Tails of algorithms, each computed once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Graph, Mapping[str, int]]] = {}  # the graph is kept so that its id stays its own

    def __call__(self, graph: Graph) -> Mapping[str, int]:
        """By variable, the ticks between its transfer and the last one that must follow from it; 0 where none does."""
        known = self._known.get(id(graph))
        if known is None:
            known = self._known[id(graph)] = (graph, tails(graph))
        return known[1]


def tails(graph: Graph) -> dict[str, int]:
    """See :class:`Tails`. A variable on a cycle without a loop counts as an end."""
    found: dict[str, int] = {}
    under_way: set[str] = set()

    def tail(variable: str) -> int:
        if variable in found or variable in under_way:
            return found.get(variable, 0)
        under_way.add(variable)
        consumer = graph.consumer.get(variable)
        outputs = consumer.produced if consumer and consumer.kind not in _ENDS else ()
        found[variable] = max((latency(consumer) + tail(v) for v in outputs), default=0) if consumer else 0
        return found[variable]

    for variable in graph.variables:
        tail(variable)
    return found


def latency(function: Function) -> int:
    """Ticks from the transfer of the last argument to the first possible one of a result."""
    if function.kind is Kind.DIVISION:
        return DIVIDER_LATENCY
    if function.kind in (Kind.SHIFT_LEFT, Kind.SHIFT_RIGHT):
        bits: int = function.detail
        return LATENCY + 2 * (bits // 8 + bits % 8)
    return LATENCY
