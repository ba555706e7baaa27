"""Where candidates are available: a forward intersection data flow with two bits each (optcse.cpp, Availability).

The low half of a mask has a bit per candidate that is computed on every path, the high half one per candidate that is
computed on every path with no call since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.flow import Flow
from gymcc.envs.jitcse.frontend.numbering import Exceptions


@dataclass(frozen=True, slots=True)
class Split:
    """A candidate's trees: those that compute the value, and those that find it available."""

    nodes: list[int]  # all, also uses that cannot be
    defs: list[int]
    uses: list[int]
    across_call: bool  # some use is reached past a call


def split_candidates(
    flat: Flat, flow: Flow, exceptions: Sequence[Exceptions], candidates: Sequence[list[int]]
) -> list[Split]:
    """Tell definitions from uses; a use must throw nothing but what every definition has thrown before it."""
    is_def, across = _classify(flat, flow, candidates)
    splits = []
    for nodes in candidates:
        defs = [node for node in nodes if is_def[node]]
        uses = [node for node in nodes if not is_def[node]]
        if any(exceptions[use] for use in uses):
            promise = frozenset.intersection(*[exceptions[node] for node in defs])
            uses = [use for use in uses if exceptions[use] <= promise]
        splits.append(Split(nodes, defs, uses, not across.isdisjoint(uses)))
    return splits


def _classify(flat: Flat, flow: Flow, candidates: Sequence[list[int]]) -> tuple[dict[int, bool], set[int]]:
    """Per tree whether it is a definition, and the uses that are reached past a call on some path."""
    count = len(candidates)
    high = ((1 << count) - 1) << count
    both = {node: (1 << n) | (1 << (n + count)) for n, nodes in enumerate(candidates) for node in nodes}
    calls = frozenset(flat.calls)
    events = {block: [node for node in flat.spans[block] if node in both or node in calls] for block in flow.order}
    starts = _solve(flow, {block: _summary(events[block], both, calls, high) for block in flow.order})
    is_def: dict[int, bool] = {}
    across = set()
    for block in flow.order:
        mask = starts[block]
        for node in events[block]:
            bits = both.get(node, 0)
            if mask & bits:  # a use; were it a call, it is not made
                is_def[node] = False
                if mask & bits != bits:
                    across.add(node)
                continue
            if node in calls:
                mask &= ~high
            if bits:
                is_def[node] = True
                mask |= bits
    return is_def, across


def _summary(events: list[int], both: dict[int, int], calls: frozenset[int], high: int) -> tuple[int, int]:
    """What a block keeps of the mask at its start, and what it adds.

    Every tree adds both bits, be it a use: a use past a call marks its candidate where it stands.
    """
    keep, add = -1, 0
    for node in events:
        if node in calls:
            keep, add = keep & ~high, add & ~high
        add |= both.get(node, 0)
    return keep, add


def _solve(flow: Flow, summaries: dict[int, tuple[int, int]]) -> dict[int, int]:
    """The mask at the start of each live block: the greatest solution."""
    everything = -1
    ends = dict.fromkeys(flow.order, everything)
    starts = dict.fromkeys(flow.order, 0)
    changed = True
    while changed:
        changed = False
        for block in flow.order:
            mask = everything if block else 0
            for before in flow.predecessors[block]:
                mask &= ends[before]
            keep, add = summaries[block]
            end = (mask & keep) | add
            starts[block] = mask
            if end != ends[block]:
                ends[block], changed = end, True
    return starts
