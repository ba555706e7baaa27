"""Monte-Carlo tree search for one player: UCT without chance (Kocsis & Szepesvári 2006, Schadd et al. 2008).

A simulation goes down the tree to a state that it adds and prices, and from there by random actions to the end, which
it prices as well; its value is the lower of the two costs. Of interest is the best that lies below a node rather than
the average, so a node is judged by both. States that are reached in several orders with as many decisions are one
node. What has been seen completely is closed and not entered again: once the root is, nothing cheaper exists.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import asinh, inf, isfinite, log, sqrt
from random import Random
from typing import Any

from gymcc.agents.search.meter import Meter, Node
from gymcc.agents.search.sampling import MAX_IDLE

EXPLORATION = 0.4  # weight of the upper confidence term; values are between 0 and 1
WIDENING, EXPONENT = 2.0, 0.6  # a node may have WIDENING * visits ** EXPONENT children: many actions need no full sweep
STEEPNESS = 1000.0  # above start / STEEPNESS costs are compared by their ratios, below (and negative) by differences


@dataclass(slots=True)
class _Branch:
    """A state at a depth: what is known of the simulations through it. ``untried`` in the order to try, last first."""

    node: Node[Any]
    untried: list[int]
    children: dict[int, _Branch] = field(default_factory=dict)
    visits: int = 0
    total: float = 0.0  # sum of the scaled finite values
    failures: int = 0  # simulations that found no finite cost
    best: float = inf  # least scaled value
    closed: bool = False


def mcts(meter: Meter[Any], random: Random) -> bool:
    """Simulate until the budget ends, everything is seen (a proof), or nothing new has come for long."""
    return _Tree(meter, random).grow()


class _Tree:
    """The tree of one search; ``low`` and ``high`` are the least and the greatest scaled value so far."""

    def __init__(self, meter: Meter[Any], random: Random) -> None:
        self.meter, self.random = meter, random
        start = meter.start.cost
        self.unit = abs(start) / STEEPNESS if isfinite(start) and start else 1.0
        self.low, self.high = inf, -inf
        self.known: dict[Hashable, _Branch] = {}
        self.root = self._branch(meter.start)

    def grow(self) -> bool:
        while not self.root.closed and self.meter.idle < MAX_IDLE:
            self._simulate()
        return self.root.closed

    def _simulate(self) -> None:
        path, best = self._selected(), self.meter.best
        leaf = path[-1]
        if leaf.untried:
            leaf = self._expanded(leaf)
            path.append(leaf)
            value = min(leaf.node.cost, self._rolled_out(leaf))
            self._note(path, value)
        if self.meter.best is not best:
            self.meter.price_path(self.meter.best)
        for branch in reversed(path):
            branch.closed = not branch.untried and all(child.closed for child in branch.children.values())

    def _selected(self) -> list[_Branch]:
        """From the root to a branch that may get another child, or of which all is seen."""
        path = [self.root]
        while True:
            branch = path[-1]
            open_children = [child for child in branch.children.values() if not child.closed]
            may_widen = len(branch.children) < WIDENING * max(1, branch.visits) ** EXPONENT
            if not open_children or (branch.untried and may_widen):
                return path
            path.append(max(open_children, key=lambda child: self._promise(child, branch.visits)))

    def _promise(self, child: _Branch, visits: int) -> float:
        spread = self.high - self.low
        found = child.visits - child.failures
        if spread <= 0 or not found:
            reward = 0.5 if found else 0.0
        else:
            mean = (self.high - child.total / found) / spread * found / child.visits
            reward = (mean + (self.high - child.best) / spread) / 2
        return reward + EXPLORATION * sqrt(log(visits + 1) / child.visits)

    def _expanded(self, branch: _Branch) -> _Branch:
        """The child behind the next untried action, priced; one that another order of actions made is shared."""
        action = branch.untried.pop()
        child = self._branch(self.meter.step(branch.node, action))
        branch.children[action] = child
        return child

    def _branch(self, node: Node[Any]) -> _Branch:
        key = (node.state, len(node.actions))
        branch = self.known.get(key)
        if branch is None:
            actions = self.meter.legal(node)
            self.random.shuffle(actions)
            branch = self.known[key] = _Branch(node, actions, closed=not actions)
        return branch

    def _rolled_out(self, branch: _Branch) -> float:
        """Cost of where random actions lead; inf where there is nothing to do."""
        node = branch.node
        while actions := self.meter.legal(node):
            action = self.random.choice(actions)
            node = Node(self.meter.problem.apply(node.state, action), (*node.actions, action), inf)
        return self.meter.price(node.state, node.actions).cost

    def _note(self, path: list[_Branch], cost: float) -> None:
        for branch in path:
            branch.visits += 1
            branch.failures += not isfinite(cost)
        if isfinite(cost):
            value = asinh(cost / self.unit)
            self.low, self.high = min(self.low, value), max(self.high, value)
            for branch in path:
                branch.total += value
                branch.best = min(branch.best, value)
