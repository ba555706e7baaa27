"""Lifetimes of all locals by data flow over blocks, as RyuJIT's liveness.cpp: sets of locals are bit masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gymcc.envs.jitcse.backends.embedded.code.statement import Code
from gymcc.envs.jitcse.backends.embedded.pricing.layout import Layout
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import Interval


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def intervals(layout: Layout, code: Sequence[Code | None], vectors: int) -> list[Interval]:
    """The lifetimes of all locals, one each, sorted.

    ``code``: per position its statement's code. ``vectors``: the locals of which no register preserves all.
    """
    live_out = _live_out(layout, code)
    start: dict[int, int] = {}
    end: dict[int, int] = {}
    crossing = entry = 0
    for block in range(len(layout.first)):
        live = live_out[block]
        _extend(start, end, live, layout.last[block])
        for position in range(layout.last[block], layout.first[block] - 1, -1):
            each = code[position]
            if each is None:
                continue
            if each.calls:
                crossing |= each.crossing | (live & ~each.late)
            _extend(start, end, each.reads | each.writes, position)
            live = (live & ~each.writes) | each.reads
        _extend(start, end, live, layout.first[block])
        if block == 0:
            entry = live
    _extend(start, end, entry, 0)
    return sorted([Interval(start[id_], id_, end[id_], _level(id_, crossing, vectors)) for id_ in start])


def _level(id_: int, crossing: int, vectors: int) -> int:
    if not crossing >> id_ & 1:
        return 0
    return 2 if vectors >> id_ & 1 else 1


def _extend(start: dict[int, int], end: dict[int, int], locals_: int, position: int) -> None:
    for id_ in bits(locals_):
        if position < start.get(id_, position + 1):
            start[id_] = position
        if position > end.get(id_, -1):
            end[id_] = position


def _live_out(layout: Layout, code: Sequence[Code | None]) -> list[int]:
    """Per block the locals that are live at its end: the least solution."""
    summaries = [_summary(layout, code, block) for block in range(len(layout.first))]
    live_in = [0] * len(summaries)
    live_out = [0] * len(summaries)
    changed = True
    while changed:
        changed = False
        for block in range(len(summaries) - 1, -1, -1):
            out = 0
            for successor in layout.successors[block]:
                out |= live_in[successor]
            reads, writes = summaries[block]
            live_out[block], arriving = out, (out & ~writes) | reads
            if arriving != live_in[block]:
                live_in[block], changed = arriving, True
    return live_out


def _summary(layout: Layout, code: Sequence[Code | None], block: int) -> tuple[int, int]:
    """The locals a block reads before it writes them, and those it writes."""
    reads = writes = 0
    for position in range(layout.first[block], layout.last[block] + 1):
        each = code[position]
        if each is not None:
            reads |= each.reads & ~writes
            writes |= each.writes
    return reads, writes
