"""Searches of the synthesis tree guided by an estimate of where each option leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count

from gymcc.agents.nitta_value.guide import Guide, Outlook
from gymcc.agents.nitta_value.observe import remaining
from gymcc.agents.nitta_value.same import canonical, taken
from gymcc.envs.nitta.methods import Explorer, Limit, LimitReached, SynthesisCrashed, is_success
from gymcc.envs.nitta.methods.threads import REFACTORINGS, STEP_LIMIT
from gymcc.envs.nitta.options.transfers import Dataflow
from gymcc.envs.nitta.tree import Node

NARROW = 2
AHEAD = 1000.0  # ticks: more than estimates differ by
Open = tuple[float, int, Node]  # estimate, order, a child that is not evaluated yet


def beam(explorer: Explorer[Node], root: Node, width: int) -> None:
    """Go down level by level and evaluate the ``width`` best children of each; a state is kept once.

    ``explorer`` scores options by an estimate of the final duration, less is better. What cannot become shorter than
    the best schedule so far is left out. No state is built that is not paid for as an evaluation, not even to find
    that it is known, or that NITTA crashes on it.
    """
    level: list[Node] = [root]
    seen: set[object] = {taken(root), canonical(root.state)}
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
        if (decisions := taken(node)) in seen or _too_long(explorer, least_behind(node)):
            continue
        seen.add(decisions)
        try:
            options = explorer.scores(node)
        except SynthesisCrashed:
            continue
        if (key := canonical(node.state)) in seen:
            continue
        seen.add(key)
        if len(options) and not is_success(node) and not _too_long(explorer, least_duration(node)):
            yield node


def _too_long(explorer: Explorer[Node], least: float) -> bool:
    return explorer.best is not None and least >= explorer.best.duration


def least_duration(node: Node) -> float:
    """No schedule below a node is shorter: once all is bound, each group of outputs needs a tick of the bus."""
    return node.duration if node.state.waiting.functions else node.duration + remaining(node) - 1


def least_behind(node: Node) -> float:
    """The same without a look at the node's state: by its parent's, and how long the transport waits."""
    assert node.parent is not None
    assert node.option is not None
    decision = node.option.decision
    wait = decision.tick - node.parent.state.bus_next if isinstance(decision, Dataflow) else 0
    return least_duration(node.parent) + wait


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
    """Beams by all members of the guide together, then by each, and by all but with refactorings first.

    Gives how that went, and why it ended (done or limit).
    """
    outlook = Outlook(guide)
    explorer = Explorer[Node](limit, outlook.estimates)
    members = range(guide.members) if guide.members > 1 else ()
    others = [explorer.seeing(partial(outlook.estimates, member=member)) for member in members]
    others.append(explorer.seeing(partial(_refactorings_first, outlook)))
    try:
        widening_beam(explorer, root, others)
    except LimitReached:
        return explorer, "limit"
    return explorer, "done"


def _refactorings_first(outlook: Outlook, node: Node) -> list[float]:
    """Estimates by which every refactoring goes before everything else, as in NITTA's smartBindSynthesis."""
    estimates = outlook.estimates(node)
    kinds = (option.decision.kind for option in node.options)
    return [each - AHEAD if kind in REFACTORINGS else each for each, kind in zip(estimates, kinds, strict=True)]
