"""Loop-invariant trees to plant in front of their loop, so that CSE can make the trees inside uses (optHoistLoopCode).

RyuJIT turns loops over first, so that their body runs at least once when they are entered, and hoists from the blocks
that run in every iteration. The trees here are pure, so it does no harm to evaluate them for a loop that ends at once.
Those that may throw are hoisted only if they are the first thing that can be noticed when the loop is entered: what
they would have thrown in it they then throw before it. An element is hoisted only with its bounds check.

That locals are assigned before they are read, on every path, makes them so at the loop's entry as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.folding import FLOATING
from gymcc.envs.jitcse.frontend.form import Form
from gymcc.envs.jitcse.frontend.loops import Loop
from gymcc.envs.jitcse.frontend.memory import memory_classes
from gymcc.envs.jitcse.frontend.room import Room, Rooms
from gymcc.envs.jitcse.ir import LOADS, STORES, Node, Op

_LOCAL, _STORE_LOCAL, _CALL, _ELEM = Op.LOCAL, Op.STORE_LOCAL, Op.CALL, Op.ELEM  # slow to look up
_THROW = frozenset({Op.BOUNDS, Op.DIV, Op.MOD})
_MEMORY = LOADS - {Op.LENGTH}
_EFFECTS = STORES | {Op.CALL}
Plan = dict[int, list[int]]  # per header the nodes whose trees go in front of the loop, in order


def plan_hoisting(form: Form, loops: tuple[Loop, ...]) -> Plan:
    """Which trees to plant, among those that may be common subexpressions; ``loops`` are inner before outer.

    A tree goes in front of the outermost loop that it can leave and that has a register for it.
    """
    flat = form.flat
    throws, classes = throwing(flat, range(len(flat.nodes))), memory_classes(flat)
    rooms = Rooms(form.method, flat, form.flow)
    plan: Plan = {}
    for loop in loops:
        hoister = _Hoister(form, loop, rooms.of(loop), throws, classes)
        for block in loop.always:
            for node in plan.get(block, ()):
                hoister.take_planted(node)
            hoister.take_block(block)
        for block in loop.blocks:
            if block in plan:
                plan[block] = [node for node in plan[block] if flat.nodes[node] not in hoister.trees]
        plan[loop.header] = hoister.found
    return {header: nodes for header, nodes in plan.items() if nodes}


def throwing(flat: Flat, nodes: Iterable[int]) -> set[int]:
    """The nodes whose trees may throw in one of ``nodes``."""
    return flat.around([node for node in nodes if _may_throw(flat.nodes[node])])


def _may_throw(tree: Node) -> bool:
    """Whether the node itself may throw, whatever its arguments."""
    if tree.op not in _THROW:
        return False
    return tree.op is Op.BOUNDS or not (tree.type in FLOATING or (tree.args[1].op is Op.CONST and tree.args[1].payload))


class _Hoister:
    """Collects what goes in front of one loop."""

    def __init__(self, form: Form, loop: Loop, room: Room, throws: set[int], classes: dict[int, int]) -> None:
        self.flat, self.may, self.costs = form.flat, form.may, form.costs
        self.loop, self.room, self.throws, self.classes = loop, room, throws, classes
        self.found: list[int] = []
        self.trees: set[Node] = set()
        self.quiet = True  # nothing has happened since the loop was entered that anyone could notice
        nodes = [node for block in loop.blocks for node in self.flat.spans[block]]
        self.changed = {self._changed(node) for node in nodes}
        self.invariant: set[int] = set()
        for node in nodes:
            if all(arg in self.invariant for arg in self.flat.args[node]) and self._is_unchanged(node):
                self.invariant.add(node)

    def take_planted(self, node: int) -> None:
        """Plant here what was to be planted in front of an inner loop, if it can be."""
        if node in self.invariant and node not in self.throws:
            self._plant(node)

    def take_block(self, block: int) -> None:
        """Plant what can be of a block that runs in every iteration."""
        self.quiet = self.quiet and block == self.loop.header
        for root in self.flat.roots[block]:
            self._take(root)

    def _changed(self, node: int) -> Hashable:
        """What a node of the loop changes: a local, a memory class, by a call all memory."""
        tree = self.flat.nodes[node]
        if tree.op is _STORE_LOCAL:
            return _LOCAL, tree.payload
        return self.classes[node] if tree.op in STORES else tree.op

    def _is_unchanged(self, node: int) -> bool:
        """Whether a node gives the same value each time and has no effect, if its arguments do."""
        tree = self.flat.nodes[node]
        if tree.op is _LOCAL:
            return (_LOCAL, tree.payload) not in self.changed
        if tree.op in _MEMORY:
            if _CALL in self.changed or self.classes[node] in self.changed:
                return False
            return tree.op is not _ELEM or self._is_guarded(node)
        return tree.op not in _EFFECTS and tree.op is not _STORE_LOCAL

    def _is_guarded(self, node: int) -> bool:
        parent = self.flat.parent[node]
        above = self.flat.nodes[parent] if parent >= 0 else None
        return above is not None and above.op is Op.COMMA and above.args[0].op is Op.BOUNDS

    def _take(self, node: int) -> None:
        """Plant the largest trees at and below ``node`` that can be; of one that throws also those below."""
        tree = self.flat.nodes[node]
        can = self.may[node] and node in self.invariant and tree.op is not _ELEM
        if can and node not in self.throws:
            self._plant(node)
            return
        can = can and self.quiet
        if can:
            self.quiet = False
        for arg in self.flat.args[node]:
            self._take(arg)
        if can:
            self._plant(node)
        elif tree.op in _EFFECTS or _may_throw(tree):
            self.quiet = False

    def _plant(self, node: int) -> None:
        tree = self.flat.nodes[node]
        if tree not in self.trees and self.room.worth(tree.type, self.costs[node][0]):
            self.room.take(tree.type)
            self.trees.add(tree)
            self.found.append(node)
