"""A method's nodes in one table, in order of evaluation, so that each analysis is a loop over numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gymcc.envs.jitcse.ir import Method, Node, Op, Type

_CALLS, _MOD = frozenset({Op.CALL, Op.HELPER}), Op.MOD
_FLOATING = frozenset({type_ for type_ in Type if type_.floating})


@dataclass(frozen=True, slots=True)
class Flat:
    """Parallel lists indexed by node: statements in layout order, each tree's arguments before their node."""

    nodes: list[Node] = field(default_factory=list)
    args: list[tuple[int, ...]] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)  # -1 at a statement's root
    block: list[int] = field(default_factory=list)
    spans: list[range] = field(default_factory=list)  # per block its nodes
    roots: list[list[int]] = field(default_factory=list)  # per block the last node of each statement

    def path(self, node: int) -> tuple[int, ...]:
        """Child indices from the statement's root down to ``node``."""
        steps: list[int] = []
        while (above := self.parent[node]) >= 0:
            steps.append(self.args[above].index(node))
            node = above
        return tuple(reversed(steps))

    def statement(self, node: int) -> int:
        """The index of ``node``'s statement in its block."""
        while self.parent[node] >= 0:
            node = self.parent[node]
        return self.roots[self.block[node]].index(node)

    def inside(self, node: int) -> range:
        """The nodes of ``node``'s tree, itself last."""
        first = node
        while self.args[first]:
            first = self.args[first][0]
        return range(first, node + 1)

    def around(self, nodes: Iterable[int]) -> set[int]:
        """The nodes of whose trees some of ``nodes`` is part."""
        found: set[int] = set()
        for node in nodes:
            while node >= 0 and node not in found:
                found.add(node)
                node = self.parent[node]
        return found

    @property
    def calls(self) -> list[int]:
        """The nodes that trash registers: calls, and the remainder of floating-point numbers, a helper's work."""
        return [
            node
            for node, tree in enumerate(self.nodes)
            if tree.op in _CALLS or (tree.op is _MOD and tree.type in _FLOATING)
        ]


def flatten(method: Method) -> Flat:
    """The table of a method's nodes."""
    flat = Flat()
    nodes, args, parent = flat.nodes, flat.args, flat.parent

    def add(tree: Node) -> int:
        inside = tuple([add(arg) for arg in tree.args])
        number = len(nodes)
        for arg in inside:
            parent[arg] = number
        nodes.append(tree)
        args.append(inside)
        parent.append(-1)
        return number

    for index, block in enumerate(method.blocks):
        first = len(nodes)
        flat.roots.append([add(tree) for tree in block.statements])
        flat.spans.append(range(first, len(nodes)))
        flat.block.extend([index] * (len(nodes) - first))
    return flat
