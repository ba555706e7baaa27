"""Where statements lie: positions, blocks and their weights, as register allocation and PerfScore see them.

Positions count in layout order from 1: each block has one for its start, one per statement and one for its end.
Position 0 is the prolog. What counts is only their order, so that a statement that is there for some choices and gone
for others moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.ir import Method, Op


@dataclass(frozen=True, slots=True)
class Layout:
    """What a choice of CSEs leaves as it is."""

    first: tuple[int, ...]  # per block, the position of its start; its first statement's is the next
    last: tuple[int, ...]  # per block, the position of its end
    block_of: tuple[int, ...]  # per position, its block; the prolog's is 0
    predecessors: tuple[tuple[int, ...], ...]
    successors: tuple[tuple[int, ...], ...]
    weights: tuple[float, ...]  # the distinct weights of blocks, ascending
    group: tuple[int, ...]  # per block, the index of its weight
    returns: tuple[int, ...]  # for each return, the group of its block

    @property
    def prolog(self) -> int:
        """The group of the prolog's weight."""
        return self.group[0]


def layout_of(method: Method) -> Layout:
    """The layout of a checked method."""
    first: list[int] = []
    last: list[int] = []
    block_of = [0]
    for index, block in enumerate(method.blocks):
        first.append(len(block_of))
        block_of += [index] * (len(block.statements) + 2)
        last.append(len(block_of) - 1)
    weights = sorted({block.weight for block in method.blocks})
    ranks = {weight: rank for rank, weight in enumerate(weights)}
    group = tuple([ranks[block.weight] for block in method.blocks])
    return Layout(
        tuple(first),
        tuple(last),
        tuple(block_of),
        method.predecessors,
        tuple([block.successors for block in method.blocks]),
        tuple(weights),
        group,
        tuple([group[index] for index, block in enumerate(method.blocks) if _returns(block.statements)]),
    )


def _returns(statements: tuple[object, ...]) -> bool:
    return bool(statements) and getattr(statements[-1], "op", None) is Op.RETURN
