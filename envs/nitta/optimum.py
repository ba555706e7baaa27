"""The shortest schedule of a small program, proven by looking at everything."""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.nitta.options import DecisionKind, Option
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.tree import Node, Root, open_tree

_UNORDERED = frozenset({"functions", "queue", "receives", "sends", "cells"})  # of units: order is NITTA's memory only


class TooLarge(Exception):
    """A tree with more states than one is willing to look at."""


def shortest(root: Root, limit: int) -> Node | None:
    """A node of the shortest complete schedule under ``root``, None if there is none; ``limit`` states at most.

    Raises :class:`TooLarge`. Depth first, best score first; a state is left if no schedule through it can be shorter
    than the best one, or if one like it, but for the order in which things were bound, has been seen. Groups of binds
    are left out on the way, since single ones lead to the same states.
    """
    search = _Search(limit)
    search.visit(open_tree(root.program, root.microarchitecture, "off"))
    return retraced(root, search.best) if search.best else None


class _Search:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.best: Node | None = None
        self.seen: set[Hashable] = set()

    def visit(self, root: Node) -> None:
        stack = [root]
        while stack:
            node = stack.pop()
            if node.crashed or self._hopeless(node.state) or not self._fresh(node.state):
                continue
            if node.is_complete:
                self.best = node
                continue
            ranked = sorted(range(len(node.options)), key=lambda index: node.options[index].score)
            stack += [node.child(index) for index in ranked]

    def _hopeless(self, state: Synthesis) -> bool:
        return self.best is not None and least_duration(state) >= self.best.duration

    def _fresh(self, state: Synthesis) -> bool:
        key = like(state)
        if key in self.seen:
            return False
        if len(self.seen) >= self.limit:
            raise TooLarge(f"more than {self.limit} states")
        self.seen.add(key)
        return True


def least_duration(state: Synthesis) -> int:
    """No complete schedule from here is shorter: the bus carries the results of one function in a tick."""
    sent = {variable for t in state.schedule().transports for _, variable in t.targets}
    groups = (group for function in state.algorithm.functions for group in function.outputs)
    return state.bus_next - 1 + sum(not sent.issuperset(group) for group in groups)


def like(state: Synthesis) -> Hashable:
    """States with the same value have equally good schedules."""
    units = tuple(
        (type(unit), *(frozenset(v) if name in _UNORDERED else v for name, v in zip(unit.names, unit.key, strict=True)))
        for unit in state.units
    )
    return frozenset(state.waiting.functions), units, state.bus_next, state.prototypes


def retraced(root: Root, node: Node) -> Node:
    """The node of ``root``'s tree that the same decisions lead to."""
    way: list[Option] = []
    while node.option and node.parent:
        way.append(node.option)
        node = node.parent
    found: Node = root
    for option in reversed(way):
        same = (i for i, offered in enumerate(found.options) if _same(offered, option))
        found = found.child(next(same))
    return found


def _same(one: Option, other: Option) -> bool:
    return one.kind is other.kind and one.kind is not DecisionKind.GROUP_BIND and one.decision == other.decision
