"""The lifetime of one local by itself: a walk backwards from its reads, for when few of many locals change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gymcc.envs.jitcse.backends.embedded.pricing.layout import Layout

NOWHERE = 1 << 30  # start of an empty span


class Span(NamedTuple):
    """Where a value is alive."""

    start: int  # positions, inclusive
    end: int
    across: int  # the positions behind which it is alive, as bits

    def covers(self, other: Span) -> bool:
        """Whether ``other`` adds nothing."""
        return self.start <= other.start and other.end <= self.end and not other.across & ~self.across

    def joined(self, other: Span) -> Span:
        """The span of both."""
        return Span(min(self.start, other.start), max(self.end, other.end), self.across | other.across)


EMPTY = Span(NOWHERE, -1, 0)


def span(layout: Layout, writes: int, reads: Iterable[int]) -> Span:
    """Where the values that ``reads`` find are alive; ``writes``: the positions that assign the local, as bits."""
    start, end, across = NOWHERE, -1, 0
    pending: list[int] = []
    seen: set[int] = set()
    for read in reads:
        block = layout.block_of[read]
        found = writes & ((1 << read) - (1 << layout.first[block]))
        origin = found.bit_length() - 1 if found else layout.first[block]
        across |= (1 << read) - (1 << origin)
        start, end = min(start, origin), max(end, read)
        if not found:
            pending.append(block)
    while pending:
        block = pending.pop()
        if block == 0:
            start = 0
        for before in layout.predecessors[block]:
            if before in seen:
                continue
            seen.add(before)
            first, last = layout.first[before], layout.last[before]
            found = writes & ((1 << last) - (1 << first))
            origin = found.bit_length() - 1 if found else first
            across |= (2 << last) - (1 << origin)
            start, end = min(start, origin), max(end, last)
            if not found:
                pending.append(before)
    return Span(start, end, across)


def assigned(span_: Span, writes: int) -> Span:
    """The span with the assignments themselves, be they for nobody."""
    if not writes:
        return span_
    low = (writes & -writes).bit_length() - 1
    return Span(min(span_.start, low), max(span_.end, writes.bit_length() - 1), span_.across)
