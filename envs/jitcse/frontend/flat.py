"""A method's nodes in one table, in order of evaluation, so that each analysis is a loop over numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from gymcc.envs.jitcse.ir import Method, Node


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

    def add(self, tree: Node, block: int) -> int:
        """Append ``tree`` after its arguments; its number."""
        args = tuple([self.add(arg, block) for arg in tree.args])
        number = len(self.nodes)
        for arg in args:
            self.parent[arg] = number
        self.nodes.append(tree)
        self.args.append(args)
        self.parent.append(-1)
        self.block.append(block)
        return number


def flatten(method: Method) -> Flat:
    """The table of a method's nodes."""
    flat = Flat()
    for index, block in enumerate(method.blocks):
        first = len(flat.nodes)
        flat.roots.append([flat.add(tree, index) for tree in block.statements])
        flat.spans.append(range(first, len(flat.nodes)))
    return flat
