"""Baselines that a problem brings along, run like any search: metered, seeded, within the budget."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from gymcc.agents.search.meter import Meter, Node
from gymcc.envs.core.problem import Rule


def follow(rule: Rule, meter: Meter[Any], random: Random) -> bool:
    """Take the decisions of ``rule``, which may have prices computed to decide; whether it has proven them best.

    The outcome is where they lead, be it worse than the start; where the budget ends first, the best state priced.
    """
    # By the decisions that lead there: what is priced next is often one decision from what was priced before.
    states: dict[tuple[int, ...], Any] = {(): meter.start.state}

    def reached(actions: Sequence[int]) -> Node[Any]:
        way = tuple(actions)
        known = next(length for length in range(len(way), -1, -1) if way[:length] in states)
        state = states[way[:known]]
        for action in way[known:]:
            state = meter.problem.apply(state, action)
        states[way] = state
        return meter.price(state, way)

    actions, proven = rule(meter.instance, lambda actions: reached(actions).cost, random)
    meter.best = reached(actions)
    return proven
