"""Natural loops: a header that dominates the ends of its back edges, and what runs between them."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.frontend.flow import Flow


@dataclass(frozen=True, slots=True)
class Loop:
    """The back edges to one header, taken together."""

    header: int
    blocks: tuple[int, ...]  # in reverse postorder, the header first
    always: tuple[int, ...]  # those that run in every full iteration: they dominate all back edges
    entries: tuple[int, ...]  # blocks outside that jump to the header


def loops_of(flow: Flow) -> tuple[Loop, ...]:
    """The natural loops, inner before outer."""
    found = []
    for header in flow.order:
        latches = [block for block in flow.predecessors[header] if flow.dominates(header, block)]
        if latches:
            found.append(_loop(flow, header, latches))
    return tuple(sorted(found, key=lambda loop: len(loop.blocks)))


def _loop(flow: Flow, header: int, latches: list[int]) -> Loop:
    inside, todo = {header}, list(latches)
    while todo:
        block = todo.pop()
        if block not in inside:
            inside.add(block)
            todo += flow.predecessors[block]
    blocks = tuple([block for block in flow.order if block in inside])
    return Loop(
        header,
        blocks,
        tuple([block for block in blocks if all(flow.dominates(block, latch) for latch in latches)]),
        tuple([block for block in flow.predecessors[header] if block not in inside]),
    )
