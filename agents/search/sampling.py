"""Searches that look at one path at a time: random roll-outs and the problem's own heuristic."""

from __future__ import annotations

from random import Random
from typing import Any

from gymcc.agents.search.meter import Meter, Node

MAX_IDLE = 10_000  # prices in a row that were all known: the space has nothing new within reach


def random_rollouts(meter: Meter[Any], random: Random) -> bool:
    """Roll out uniformly random legal actions from the start, pricing every state on the way, again and again."""
    while meter.idle < MAX_IDLE:
        node: Node[Any] = meter.start
        while actions := meter.legal(node):
            node = meter.step(node, random.choice(actions))
        if node is meter.start:
            break  # nothing can be done to this instance
    return False


def heuristic(meter: Meter[Any], random: Random) -> bool:
    """Take the decisions of ``problem.heuristic``; price where they lead first, then the states on the way.

    The outcome is where they lead, be it worse than the start.
    """
    state, actions = meter.start.state, tuple(meter.problem.heuristic(meter.instance))
    for action in actions:
        state = meter.problem.apply(state, action)
    end = meter.price(state, actions)
    try:
        meter.price_path(end)
    finally:
        meter.best = end
    return False
