"""Searches of the synthesis tree guided by an estimate of where each option leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count

from gymcc.agents.nitta_value.guide import Guide, Outlook
from gymcc.agents.nitta_value.observe import remaining
from gymcc.agents.nitta_value.same import canonical
from gymcc.envs.nitta.methods import Explorer, Limit, LimitReached, SynthesisCrashed, is_success
from gymcc.envs.nitta.methods.threads import STEP_LIMIT
from gymcc.envs.nitta.tree import Node

NARROW = 2
Open = tuple[float, int, Node]  # estimate, order, a child that is not evaluated yet


def beam(explorer: Explorer[Node], root: Node, width: int) -> None:
    """Go down level by level and evaluate the ``width`` best children of each; a state is kept once.

    ``explorer`` scores options by an estimate of the final duration, less is better. What cannot become shorter than
    the best schedule so far is left out.
    """
    level: list[Node] = [root]
    seen: set[object] = {canonical(root.state)}
    order = count()
    for _ in range(STEP_LIMIT):
        heap: list[Open] = []
        for node in level:
            for estimate, child in zip(explorer.scores(node), node.children, strict=True):
                heappush(heap, (estimate, next(order), child))
        level = []
        for node in _new(heap, seen, explorer):
            level.append(node)
            if len(level) == width:
                break
        if not level:
            break


def _new(heap: list[Open], seen: set[object], explorer: Explorer[Node]) -> Iterator[Node]:
    """The nodes of a heap, best first, that are worth going on from; evaluates them."""
    while heap:
        node = heappop(heap)[2]
        if node.crashed or (key := canonical(node.state)) in seen:
            continue
        seen.add(key)
        if explorer.best is not None and least_duration(node) >= explorer.best.duration:
            continue
        try:
            options = explorer.scores(node)
        except SynthesisCrashed:
            continue
        if len(options) and not is_success(node):
            yield node


def least_duration(node: Node) -> float:
    """No schedule below a node is shorter: once all is bound, each group of outputs needs a tick of the bus."""
    return node.duration if node.state.waiting.functions else node.duration + remaining(node) - 1


def widening_beam(explorer: Explorer[Node], root: Node, others: Sequence[Explorer[Node]] = ()) -> Node:
    """Beams of width 1, 2, 4… until the limit; what is evaluated already costs nothing again.

    ``others`` see the same search by other estimates: their beams follow, narrow ones always, wide ones as long as no
    schedule is found. Gives the shortest schedule, or ``root`` without any.
    """
    width, before = 1, -1
    while explorer.evaluations > before:
        before = explorer.evaluations
        beam(explorer, root, width)
        for other in others:
            if width <= NARROW or explorer.best is None:
                beam(other, root, width)
        width *= 2
    return explorer.best or root


def guided(root: Node, guide: Guide, limit: Limit) -> tuple[Explorer[Node], str]:
    """Beams by all members of the guide together, then by each; how that went, and why it ended (done or limit)."""
    outlook = Outlook(guide)
    explorer = Explorer[Node](limit, outlook.estimates)
    others = [explorer.seeing(partial(outlook.estimates, member=member)) for member in range(guide.members)]
    try:
        widening_beam(explorer, root, others if guide.members > 1 else ())
    except LimitReached:
        return explorer, "limit"
    return explorer, "done"
