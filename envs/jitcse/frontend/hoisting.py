"""Loop-invariant trees to plant in front of their loop, so that CSE can make the trees inside uses (optHoistLoopCode).

RyuJIT turns loops over first, so that their body runs at least once when they are entered, and hoists from the blocks
that run in every iteration. The trees here are pure, so it does no harm to evaluate them for a loop that ends at once.
Those that may throw are hoisted only if they are the first thing that can be noticed when the loop is entered: what
they would have thrown in it they then throw before it. An element is hoisted only with its bounds check.

That locals are assigned before they are read, on every path, makes them so at the loop's entry as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.loops import Loop
from gymcc.envs.jitcse.frontend.memory import PlaceKey, memory_classes, place_key
from gymcc.envs.jitcse.ir import LOADS, STORES, Node, Op

_EFFECTS = STORES | {Op.CALL}
Plan = dict[int, list[int]]  # per header the nodes whose trees go in front of the loop, in order


def plan_hoisting(flat: Flat, loops: tuple[Loop, ...], may: list[bool]) -> Plan:
    """Which trees to plant, among those that ``may`` be common subexpressions; ``loops`` are inner before outer.

    A tree goes in front of the outermost loop that it can leave.
    """
    throws, (classes, _) = throwing(flat), memory_classes(flat, 0)
    plan: Plan = {}
    for loop in loops:
        hoister = _Hoister(flat, loop, may, throws, classes)
        for block in loop.always:
            for node in plan.get(block, ()):
                hoister.take_planted(node)
            hoister.take_block(block)
        for block in loop.blocks:
            if block in plan:
                plan[block] = [node for node in plan[block] if flat.nodes[node] not in hoister.trees]
        plan[loop.header] = hoister.found
    return {header: nodes for header, nodes in plan.items() if nodes}


def throwing(flat: Flat) -> list[bool]:
    """Per node whether its tree may throw."""
    throws: list[bool] = []
    for tree, args in zip(flat.nodes, flat.args, strict=True):
        throws.append(_may_throw(tree) or any(throws[arg] for arg in args))
    return throws


def _may_throw(tree: Node) -> bool:
    """Whether the node itself may throw, whatever its arguments."""
    if tree.op in (Op.DIV, Op.MOD) and not tree.type.floating:
        return tree.args[1].op is not Op.CONST or tree.args[1].payload == 0
    return tree.op is Op.BOUNDS


class _Hoister:
    """Collects what goes in front of one loop."""

    def __init__(
        self, flat: Flat, loop: Loop, may: list[bool], throws: list[bool], classes: Mapping[PlaceKey, int]
    ) -> None:
        self.flat, self.loop, self.may, self.throws, self.classes = flat, loop, may, throws, classes
        self.found: list[int] = []
        self.trees: set[Node] = set()
        self.quiet = True  # nothing has happened since the loop was entered that anyone could notice
        nodes = [node for block in loop.blocks for node in flat.spans[block]]
        self.changed = {self._changed(flat.nodes[node]) for node in nodes}
        self.invariant: set[int] = set()
        for node in nodes:
            if all(arg in self.invariant for arg in flat.args[node]) and self._is_unchanged(node):
                self.invariant.add(node)

    def take_planted(self, node: int) -> None:
        """Plant here what was to be planted in front of an inner loop, if it can be."""
        if node in self.invariant and not self.throws[node]:
            self._plant(node)

    def take_block(self, block: int) -> None:
        """Plant what can be of a block that runs in every iteration."""
        self.quiet = self.quiet and block == self.loop.header
        for root in self.flat.roots[block]:
            self._take(root)

    def _changed(self, tree: Node) -> Hashable:
        """What a node of the loop changes: a local, a memory class, by a call all memory."""
        if tree.op is Op.STORE_LOCAL:
            return Op.LOCAL, tree.payload
        return self.classes[place_key(tree)] if tree.op in STORES else tree.op

    def _is_unchanged(self, node: int) -> bool:
        """Whether a node gives the same value each time and has no effect, if its arguments do."""
        tree = self.flat.nodes[node]
        if tree.op is Op.LOCAL:
            return (Op.LOCAL, tree.payload) not in self.changed
        if tree.op in LOADS and tree.op is not Op.LENGTH:
            if Op.CALL in self.changed or self.classes[place_key(tree)] in self.changed:
                return False
            return tree.op is not Op.ELEM or self._is_guarded(node)
        return tree.op not in _EFFECTS and tree.op is not Op.STORE_LOCAL

    def _is_guarded(self, node: int) -> bool:
        parent = self.flat.parent[node]
        above = self.flat.nodes[parent] if parent >= 0 else None
        return above is not None and above.op is Op.COMMA and above.args[0].op is Op.BOUNDS

    def _take(self, node: int) -> None:
        """Plant the largest trees at and below ``node`` that can be; of one that throws also those below."""
        tree = self.flat.nodes[node]
        can = self.may[node] and node in self.invariant and tree.op is not Op.ELEM
        if can and not self.throws[node]:
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
        if tree not in self.trees:
            self.trees.add(tree)
            self.found.append(node)
