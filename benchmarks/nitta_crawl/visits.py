"""What a crawl sees of one tree: every node it came by, with its features, and the leaves where it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.nitta.features import COLUMNS, matrix
from gymcc.envs.nitta.labels import Leaf
from gymcc.envs.nitta.methods import SynthesisNode, is_success
from gymcc.envs.nitta.methods.sampling import weights
from gymcc.envs.nitta.methods.threads import STEP_LIMIT

Node = SynthesisNode


@dataclass(frozen=True, slots=True)
class Visit:
    """A node that is not the root: the kind of decision that led there, its score and features ``(columns,)``."""

    kind: str
    score: float
    features: NDArray[np.float32]


@dataclass(slots=True)
class Visits:
    """Nodes by id, and leaves by id; leaves count how often they were reached."""

    nodes: dict[str, Visit] = field(default_factory=dict)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    _features: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def step(self, node: Node, index: int) -> Node:
        """Go from ``node`` to a child."""
        child: Node = node.children[index]
        if child.sid not in self.nodes:
            option = node.options[index]
            rows = self._features.get(node.sid)
            if rows is None:
                rows = self._features[node.sid] = features(node)
            self.nodes[child.sid] = Visit(str(option.decision.kind), option.score, rows[index])
        return child

    def end(self, node: Node) -> None:
        """Stop at ``node``: a leaf, a dead end, or where NITTA raises."""
        before = self.leaves.get(node.sid)
        duration = node.duration if not node.crashed or node.parent is None else node.parent.duration
        self.leaves[node.sid] = Leaf(node.sid, is_success(node), duration, before.visits + 1 if before else 1)


def features(node: Node) -> NDArray[np.float32]:
    """The features of all options of a node, float32 ``(options, columns)``; see :mod:`gymcc.envs.nitta.features`."""
    views: list[dict[str, Any]] = [
        {"sid": str(index), "decision": {"tag": f"{option.decision.kind}View"}, "parameters": option.metrics}
        for index, option in enumerate(node.options)
    ]
    return matrix(views, COLUMNS)


def descents(root: Node, name: str, numbers: Iterable[int], seed: int) -> Visits:
    """Random paths from the root to where nothing is left, the children weighted by their scores.

    Each descent has a number, and what it draws depends on that, ``name`` and ``seed`` alone.
    """
    found = Visits()
    for number in numbers:
        random = Random(f"{seed} {name} {number}")
        node = root
        for _ in range(STEP_LIMIT):
            if node.crashed or not node.options:
                break
            chances = weights([option.score for option in node.options])
            node = found.step(node, random.choices(range(len(chances)), chances)[0])
        found.end(node)
    return found


def exhaustive(root: Node, most: int) -> Visits | None:
    """Every node of the tree, depth first; None if there are more than ``most``."""
    found, stack = Visits(), [root]
    while stack:
        node = stack.pop()
        if node.crashed or not node.options:
            found.end(node)
            continue
        stack += [found.step(node, index) for index in reversed(range(len(node.options)))]
        found._features.pop(node.sid)
        if len(found.nodes) > most:
            return None
    return found
