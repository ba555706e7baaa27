"""Whether a loop has registers left for what could be hoisted out of it (RyuJIT's optIsProfitableToHoistTree)."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.jitcse.frontend.costs import LOAD, MIN_CSE_COST
from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.flow import Flow
from gymcc.envs.jitcse.frontend.loops import Loop
from gymcc.envs.jitcse.ir import Method, Op, Type

# Registers of x64, System V, that RyuJIT counts on: in a loop with calls only those that calls preserve, less one
# that stays free. Integers, then floats.
_PRESERVED = (4, 0)
_MORE_WITHOUT_CALLS = (8, 15)
_LOCAL, _STORE_LOCAL = Op.LOCAL, Op.STORE_LOCAL  # members of an enumeration are slow to look up


class Rooms:
    """The locals that blocks use and those that live at their ends, as bit masks; structs have no register."""

    def __init__(self, method: Method, flat: Flat, flow: Flow) -> None:
        self._calls = {flat.block[node] for node in flat.calls}
        self._floats = _mask(method, floating=True)
        enregistered = self._floats | _mask(method, floating=False)
        reads, writes = _summaries(flat)
        self._mentioned = [(read | write) & enregistered for read, write in zip(reads, writes, strict=True)]
        self._live = [each & enregistered for each in _live(method, flow, reads, writes)]

    def of(self, loop: Loop) -> Room:
        """The room of a loop before anything leaves it."""
        mentioned = alive = 0
        for block in loop.blocks:
            mentioned |= self._mentioned[block]
            alive |= self._live[block]
        busy = mentioned & alive
        with_calls = not self._calls.isdisjoint(loop.blocks)
        return Room(
            [(busy & ~self._floats).bit_count(), (busy & self._floats).bit_count()],
            [(alive & ~self._floats).bit_count(), (alive & self._floats).bit_count()],
            [each + (0 if with_calls else more) for each, more in zip(_PRESERVED, _MORE_WITHOUT_CALLS, strict=True)],
        )


class Room:
    """Per class of registers: locals used in the loop and alive around it, all alive, registers left."""

    def __init__(self, busy: list[int], alive: list[int], registers: list[int]) -> None:
        self._busy, self._alive, self._left = busy, alive, registers

    def worth(self, kind: Type, cost: int) -> bool:
        """Whether it pays to hoist a tree of an execution cost: where registers are short, only if it is dear."""
        floating = kind.floating
        if self._busy[floating] >= self._left[floating] and cost < 2 * LOAD:
            return False
        return self._alive[floating] <= self._left[floating] or cost > MIN_CSE_COST + 1

    def take(self, kind: Type) -> None:
        """A register goes to a tree that is hoisted."""
        self._left[kind.floating] -= 1


def _mask(method: Method, floating: bool) -> int:
    found = [kind is not Type.STRUCT and kind.floating is floating for kind in method.locals]
    return sum(1 << number for number, each in enumerate(found) if each)


def _summaries(flat: Flat) -> tuple[list[int], list[int]]:
    """Per block the locals that it reads before it writes them, and those that it writes."""
    reads, writes = [0] * len(flat.spans), [0] * len(flat.spans)
    for block, span in enumerate(flat.spans):
        for node in span:
            tree = flat.nodes[node]
            if tree.op is _LOCAL:
                reads[block] |= 1 << tree.payload & ~writes[block]  # type: ignore[operator]
            elif tree.op is _STORE_LOCAL:
                writes[block] |= 1 << tree.payload  # type: ignore[operator]
    return reads, writes


def _live(method: Method, flow: Flow, reads: Sequence[int], writes: Sequence[int]) -> list[int]:
    """Per block the locals that live at its start or end: the least solution."""
    at_start, at_end = [0] * len(reads), [0] * len(reads)
    changed = True
    while changed:
        changed = False
        for block in reversed(flow.order):
            after = 0
            for successor in method.blocks[block].successors:
                after |= at_start[successor]
            before = (after & ~writes[block]) | reads[block]
            changed |= before != at_start[block]
            at_start[block], at_end[block] = before, after
    return [start | end for start, end in zip(at_start, at_end, strict=True)]
