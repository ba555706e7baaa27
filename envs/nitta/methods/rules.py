"""NITTA's methods as baselines of the problem, for searches and comparisons to run beside their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf
from random import Random
from typing import TYPE_CHECKING

from gymcc.envs.nitta.methods.explorer import Limit
from gymcc.envs.nitta.methods.table import synthesise

if TYPE_CHECKING:
    from gymcc.envs.core.problem import Price, Rule
    from gymcc.envs.nitta.problem import Nitta
    from gymcc.envs.nitta.tree import Node

NAMES = (
    "stateOfTheArt",
    "simpleSynthesis",
    "smartBindSynthesis",
    "bestThread",
    "allBindsAndRefs+bestThread",
    "obviousGroupBinds+tryAllGroupBinds",
    "topDownByScore",
    "weightedDescents",
)
ENDLESS = Limit(evaluations=10**9)  # whoever prices the nodes has a budget


def rules(problem: Nitta) -> Mapping[str, Rule]:
    """By name. Every node evaluated is priced, and options that are no actions are not seen."""
    return {name: partial(_followed, problem, name) for name in NAMES}


def _followed(problem: Nitta, method: str, instance: str, price: Price, random: Random) -> tuple[Sequence[int], bool]:
    ways: dict[str, tuple[int, ...]] = {}

    def scores(node: Node) -> Sequence[float]:
        price(way(node))
        kept = problem.moves(node).kept
        return [option.score if at in kept else -inf for at, option in enumerate(node.options)]

    def way(node: Node) -> tuple[int, ...]:
        if node.parent is None:
            return ()
        if node.sid not in ways:
            index = int(node.sid.rpartition("-")[2])
            ways[node.sid] = (*way(node.parent), problem.moves(node.parent).kept.index(index))
        return ways[node.sid]

    found = synthesise(problem.initial(instance), method, ENDLESS, scores, random.randrange(2**32))
    return way(found.node), False
