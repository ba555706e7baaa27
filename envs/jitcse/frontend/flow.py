"""Control flow: orders of the blocks, dominators (Cooper, Harvey and Kennedy 2001)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Method


@dataclass(frozen=True, slots=True)
class Flow:
    """Blocks reachable from the entry and how they follow each other; the rest of a method is dead."""

    order: tuple[int, ...]  # reverse postorder, the entry first
    postorder: tuple[int, ...]  # per block its postorder number, -1 if dead
    predecessors: tuple[tuple[int, ...], ...]  # per block, the live ones
    dominator: tuple[int, ...]  # per block its immediate dominator; the entry's and a dead block's is -1

    def dominates(self, above: int, below: int) -> bool:
        """Whether every path to ``below`` passes ``above``; a block dominates itself."""
        while below != above and below > -1:
            below = self.dominator[below]
        return below == above


def flow_of(method: Method) -> Flow:
    """The control flow of a checked method."""
    postorder = _postorder(method)
    order = sorted((block for block, number in enumerate(postorder) if number >= 0), key=lambda b: -postorder[b])
    predecessors: list[list[int]] = [[] for _ in method.blocks]
    for block in sorted(order):
        for successor in dict.fromkeys(method.blocks[block].successors):
            predecessors[successor].append(block)
    return Flow(
        tuple(order),
        tuple(postorder),
        tuple(tuple(each) for each in predecessors),
        tuple(_dominators(order, postorder, predecessors)),
    )


def _postorder(method: Method) -> list[int]:
    """Per block the time at which a depth-first walk, first successors first, leaves it; -1 if never reached."""
    number = [-1] * len(method.blocks)
    seen = {0}
    stack = [(0, iter(method.blocks[0].successors))]
    clock = 0
    while stack:
        block, successors = stack[-1]
        following = next((each for each in successors if each not in seen), None)
        if following is None:
            number[block] = clock
            clock += 1
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(method.blocks[following].successors)))
    return number


def _dominators(order: Sequence[int], postorder: Sequence[int], predecessors: Sequence[Sequence[int]]) -> list[int]:
    dominator = [-1] * len(postorder)
    dominator[0] = 0
    changed = True
    while changed:
        changed = False
        for block in order[1:]:
            new = -1
            for before in predecessors[block]:
                if dominator[before] >= 0:
                    new = before if new < 0 else _meet(before, new, dominator, postorder)
            if dominator[block] != new:
                dominator[block] = new
                changed = True
    dominator[0] = -1
    return dominator


def _meet(one: int, other: int, dominator: Sequence[int], postorder: Sequence[int]) -> int:
    """The nearest block that dominates both."""
    while one != other:
        if postorder[one] < postorder[other]:
            one = dominator[one]
        else:
            other = dominator[other]
    return one
