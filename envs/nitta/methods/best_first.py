"""NITTA's global best-first search, topDownByScore."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

from gymcc.envs.nitta.methods.explorer import Explorer
from gymcc.envs.nitta.methods.protocol import SynthesisNode, depth, is_success

N = TypeVar("N", bound=SynthesisNode)
DEPTH_BASE = 1.4
STEPS = 500_000


def top_down_by_score(explorer: Explorer[N], node: N, base: float = DEPTH_BASE, steps: int = STEPS) -> N:
    """Look at the open node of the greatest ``base ** depth of its parent * score`` until one is a schedule.

    After every look some of the next best are dropped, more as time goes by. Where NITTA leaves the order of equals to
    its heap, the one that came first is first here. Gives the last node looked at if ``steps`` or the nodes run out.
    """
    heap: list[tuple[float, int, N]] = []
    order = count()
    for step in range(steps + 1):
        factor = base ** depth(node)
        for score, child in explorer.positive(node):
            heappush(heap, (-factor * score, next(order), child))
        if not heap:
            break
        node = heappop(heap)[2]
        if not node.crashed and is_success(node):
            explorer.scores(node)
            break
        for _ in range(min(dropped(step), len(heap))):
            heappop(heap)
    return node


def dropped(step: int) -> int:
    """How many open nodes are forgotten after a step, counted from 0; halves are rounded to even."""
    return round(1 + 0.5 * min(4.0, 0.5 * step / 2500))
