"""Put hoisted trees in front of their loops, where needed into a block of their own (a pre-header)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.hoisting import Plan
from gymcc.envs.jitcse.frontend.loops import Loop
from gymcc.envs.jitcse.ir import Block, Method, Node

Planted = frozenset[tuple[int, int]]  # block and statement of each hoisted tree


def plant(method: Method, flat: Flat, loops: Sequence[Loop], plan: Plan) -> tuple[Method, Planted]:
    """The method with the trees of ``plan`` as statements of their own.

    They go to the end of the only block that leads to the loop and nowhere else; failing that, to a new block before
    the header.
    """
    planned = [loop for loop in loops if loop.header in plan]
    fresh = {loop.header: loop for loop in planned if not _has_pre_header(method, loop)}
    number = [block + sum(header <= block for header in fresh) for block in range(len(method.blocks))]
    blocks: list[Block] = []
    for index, block in enumerate(method.blocks):
        if index in fresh:
            blocks.append(Block((), (len(blocks) + 1,), _entry_weight(method, fresh[index])))
        blocks.append(replace(block, successors=_successors(index, block, number, fresh)))
    planted = set()
    for loop in planned:
        place = number[loop.header] - 1 if loop.header in fresh else number[loop.entries[0]]
        first = len(blocks[place].statements)
        trees = tuple([flat.nodes[node] for node in plan[loop.header]])
        blocks[place] = replace(blocks[place], statements=blocks[place].statements + trees)
        planted |= {(place, first + each) for each in range(len(trees))}
    return replace(method, blocks=tuple(blocks)), frozenset(planted)


def uproot(method: Method, planted: Planted, lost: Planted) -> tuple[Method, Planted]:
    """Without the planted statements ``lost``; the blocks they were in stay."""
    blocks = []
    left = set()
    for index, block in enumerate(method.blocks):
        statements: list[Node] = []
        for number, tree in enumerate(block.statements):
            if (index, number) not in lost:
                if (index, number) in planted:
                    left.add((index, len(statements)))
                statements.append(tree)
        blocks.append(replace(block, statements=tuple(statements)))
    return replace(method, blocks=tuple(blocks)), frozenset(left)


def _has_pre_header(method: Method, loop: Loop) -> bool:
    return len(loop.entries) == 1 and len(method.blocks[loop.entries[0]].successors) == 1


def _successors(index: int, block: Block, number: Sequence[int], fresh: dict[int, Loop]) -> tuple[int, ...]:
    """A block's successors renumbered; who enters a loop enters its new block."""
    return tuple([number[each] - (each in fresh and index in fresh[each].entries) for each in block.successors])


def _entry_weight(method: Method, loop: Loop) -> float:
    """How often a loop is entered: a profile's blocks add up, estimated weights are those of the nesting level."""
    entering = [method.blocks[block].weight for block in loop.entries]
    return min(sum(entering), method.blocks[loop.header].weight) if method.profiled else max(entering)
