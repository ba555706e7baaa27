"""Where a method's locals need phis: pruned static single assignment by construction.

Done here and not by LLVM's SROA, because ``optnone``, which the functions need from the start, switches SROA off.
Sets of blocks and of locals are bit masks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.frontend.flow import Flow, flow_of
from gymcc.envs.jitcse.ir import Method, Node, Op


@dataclass(frozen=True, slots=True)
class Graph:
    """The control flow of a method; all its choices share it, since they move no block."""

    flow: Flow
    frontier: tuple[int, ...]  # per block, its dominance frontier


def graph_of(method: Method) -> Graph:
    """Control flow and dominance frontiers (Cytron et al. 1991) of a checked method."""
    flow = flow_of(method)
    frontier = [0] * len(method.blocks)
    for join in flow.order:
        if len(flow.predecessors[join]) > 1:
            for runner in flow.predecessors[join]:
                while runner != flow.dominator[join]:
                    frontier[runner] |= 1 << join
                    runner = flow.dominator[runner]
    return Graph(flow, tuple(frontier))


def phis(method: Method, graph: Graph) -> list[int]:
    """Per block the locals that need a phi at its start."""
    live, stores = live_in(method, graph.flow)
    found = [0] * len(method.blocks)
    for local in range(len(method.locals)):
        bit = 1 << local
        work = [block for block in graph.flow.order if stores[block] & bit]
        while work:
            for join in bits(graph.frontier[work.pop()]):
                if live[join] & bit and not found[join] & bit:
                    found[join] |= bit
                    work.append(join)
    return found


def live_in(method: Method, flow: Flow) -> tuple[list[int], list[int]]:
    """Per block the locals whose value at its start is still read, and those it stores."""
    reads, stores = [0] * len(method.blocks), [0] * len(method.blocks)
    for block in flow.order:
        reads[block], stores[block] = _reads_and_stores(method.blocks[block].statements)
    live = list(reads)
    changed = True
    while changed:
        changed = False
        for block in reversed(flow.order):
            after = 0
            for successor in method.blocks[block].successors:
                after |= live[successor]
            before = reads[block] | after & ~stores[block]
            changed = changed or before != live[block]
            live[block] = before
    return live, stores


def _reads_and_stores(statements: Sequence[Node]) -> tuple[int, int]:
    """The locals read before any store to them, and those stored."""
    reads = stores = 0
    for statement in statements:
        for node in statement.walk():
            if node.op is Op.LOCAL:
                assert isinstance(node.payload, int)
                reads |= (1 << node.payload) & ~stores
            elif node.op is Op.STORE_LOCAL:
                assert isinstance(node.payload, int)
                stores |= 1 << node.payload
    return reads, stores


def bits(mask: int) -> Iterator[int]:
    """Numbers of the bits set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
