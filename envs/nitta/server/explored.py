"""The part of a synthesis tree that a server has looked at: NITTA derives nodes when asked for and keeps them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gymcc.envs.nitta.server.scoring import Scoring

if TYPE_CHECKING:
    from gymcc.envs.nitta.tree import Node

_SID = re.compile(r"-|(-\d+)+")
_TYPES = {
    "SingleBind": "SingleBind",
    "GroupBind": "GroupBind",
    "DataflowDecision": "Transport",
    "Allocation": "Allocation",
}
Json = dict[str, Any]


class UnknownSid(ValueError):
    """A node id that is malformed or out of range."""


class NodeCrashed(RuntimeError):
    """NITTA raises when it evaluates this node."""


class Explored:
    """Looks nodes up below ``root`` and remembers whose children have been listed."""

    def __init__(self, root: Node, scoring: Scoring | None = None) -> None:
        self.root, self.scoring = root, scoring or Scoring()
        self._processed: set[str] = set()

    def at(self, sid: str) -> Node:
        """The node of that id. Raises :class:`UnknownSid`, and :class:`NodeCrashed` for it or for one above it."""
        if not _SID.fullmatch(sid):
            raise UnknownSid(f"node id {sid!r} is not '-' or indices such as '-0-4-7'")
        node = self.root
        for index in map(int, sid.split("-")[1:] if sid != "-" else ()):
            children = self.children(node)
            if index >= len(children):
                raise UnknownSid(f"node {node.sid} has {len(children)} children, there is no {sid}")
            node = children[index]
        return self.alive(node)

    def alive(self, node: Node) -> Node:
        """The same node. Raises :class:`NodeCrashed`."""
        if node.crashed:
            raise NodeCrashed(node.sid)
        return node

    def children(self, node: Node) -> Sequence[Node]:
        """All children, crashed ones too, from now on part of what has been explored."""
        children = self.alive(node).children
        self._processed.add(node.sid)
        return children

    def history(self, node: Node) -> list[Node]:
        """From the root's child down to ``node``; the root has none."""
        path: list[Node] = []
        while node.parent is not None:
            path.append(node)
            node = node.parent
        return path[::-1]

    def scores(self, node: Node) -> list[float]:
        """The scores of a node's options, which a search asks for: what it has seen is explored."""
        self._processed.add(node.sid)
        return self.scoring.scores(node)

    def view(self, node: Node) -> Json:
        """The node as NITTA's API shows it; raises :class:`NodeCrashed`."""
        return self.scoring.view(self.alive(node))

    def tree(self, node: Node) -> Json:
        """The explored tree from ``node`` on, as ``/synthesisTree`` shows it."""
        below = [self.tree(child) for child in node.children] if self.is_processed(node) else []
        return {"rootLabel": self._short(node), "subForest": below}

    def is_processed(self, node: Node) -> bool:
        """Whether its children have been listed."""
        return node.sid in self._processed

    def info(self) -> Json:
        """Counts over the explored tree, as ``/treeInfo`` shows them."""
        nodes = list(self._nodes(self.root))
        leaves = [node for node in nodes if not node.crashed and node.is_leaf]
        successes = [node for node in leaves if node.is_complete]
        return {
            "nodesVisited": len(nodes),
            "nodesSuccess": len(successes),
            "nodesFailed": len(leaves) - len(successes),
            "nodesNotProcessed": sum(not self.is_processed(node) for node in nodes),
            "targetProcessDuration": _counts(node.duration for node in successes),
            "synthesisStepsForSuccess": _counts(len(self.history(node)) for node in successes),
        }

    def _nodes(self, node: Node) -> Iterator[Node]:
        waiting = [node]
        while waiting:
            yield (node := waiting.pop())
            if self.is_processed(node):
                waiting += node.children

    def _short(self, node: Node) -> Json:
        kind = str(node.option.decision.kind) if node.option else ""
        return {
            "sid": node.sid,
            "isTerminal": node.crashed or node.is_leaf,
            "isFinish": not node.crashed and node.is_complete,
            "isProcessed": self.is_processed(node),
            "duration": -1 if node.crashed else node.duration,
            "score": None,
            "decsionType": _TYPES.get(kind, "Refactor") if kind else "root",
        }


def _counts(values: Iterator[int]) -> dict[str, int]:
    return {str(value): count for value, count in sorted(Counter(values).items())}
