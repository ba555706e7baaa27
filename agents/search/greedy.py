"""Greedy descent with look-ahead."""

from __future__ import annotations

from random import Random
from typing import Any

from gymcc.agents.search.meter import Meter, Node


def greedy(lookahead: int, meter: Meter[Any], random: Random) -> bool:
    """Step towards the cheapest state within ``lookahead`` actions until none is cheaper than the present one.

    Equal costs are told apart at random. Ends at a local optimum, whatever is left of the budget.
    """
    node: Node[Any] = meter.start
    while True:
        best = _best_within(lookahead, meter, node, random)
        if not best.cost < node.cost:
            return False
        action = best.actions[len(node.actions)]
        node = meter.step(node, action)


def _best_within(lookahead: int, meter: Meter[Any], node: Node[Any], random: Random) -> Node[Any]:
    best, level = node, [node]
    for _ in range(lookahead):
        level = [child for parent in level for child in meter.children(parent)]
        random.shuffle(level)
        best = min([best, *level], key=lambda candidate: candidate.cost)
    return best
