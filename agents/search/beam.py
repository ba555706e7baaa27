"""Beam search, breadth-first and depth-first; without a width limit it is exhaustive."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from random import Random
from typing import Any

from gymcc.agents.search.meter import Meter, Node

Beam = Callable[[Meter[Any], int | None, Random], bool]


def breadth_first(meter: Meter[Any], width: int | None, random: Random) -> bool:
    """Go down level by level, keeping the ``width`` cheapest new states of each; whether none had to be dropped.

    Levels come in order of depth, so a state seen before was reached with at least as many decisions left: it is
    pruned. Equal costs are told apart at random.
    """
    frontier, seen, complete = [meter.start], {meter.start.state}, True
    while frontier:
        level = []
        for node in frontier:
            for child in meter.children(node):
                if child.state not in seen:
                    seen.add(child.state)
                    level.append(child)
        frontier = _cheapest(level, width, random)
        complete &= len(frontier) == len(level)
    return complete


def depth_first(meter: Meter[Any], width: int | None, random: Random) -> bool:
    """Follow the cheapest child first and the next ``width - 1`` on the way back; whether none had to be dropped.

    A state is entered again only with more decisions left than before.
    """
    stack, depths, complete = [meter.start], dict[Hashable, int](), True
    while stack:
        node = stack.pop()
        depth = len(node.actions)
        if depths.get(node.state, depth + 1) <= depth:
            continue
        depths[node.state] = depth
        children = [child for child in meter.children(node) if depths.get(child.state, depth + 2) > depth + 1]
        kept = _cheapest(children, width, random)
        complete &= len(kept) == len(children)
        stack.extend(reversed(kept))
    return complete


def widening(beam: Beam, width: int, meter: Meter[Any], random: Random) -> bool:
    """Run ``beam`` and start again twice as wide while the budget lasts; what is known already costs nothing.

    Ends early, with a proof, when a run dropped nothing: it has then seen every state within the step limit.
    """
    while not beam(meter, width, random):
        width *= 2
    return True


def exhaustive(meter: Meter[Any], random: Random) -> bool:
    """See every state within the step limit, level by level, cheapest parents first."""
    return breadth_first(meter, None, random)


def _cheapest(nodes: list[Node[Any]], width: int | None, random: Random) -> list[Node[Any]]:
    random.shuffle(nodes)
    return sorted(nodes, key=lambda node: node.cost)[:width]
