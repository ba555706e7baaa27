"""NITTA's synthesis tree over the embedded model: lazy nodes with NITTA's ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gymcc.envs.nitta.graph import Graph
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.obstacles import obstacles
from gymcc.envs.nitta.options import GROUP_BINDS, DecisionKind, Option, offered
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.schedule import Schedule
from gymcc.envs.nitta.state import Synthesis, initial
from gymcc.envs.nitta.units import InvalidDecision
from gymcc.envs.nitta.values import remembered
from gymcc.envs.nitta.views import node_view

_SID = re.compile(r"-|(-\d+)+")


class UnknownNode(ValueError):
    """An id that no node of the tree has; the message says why."""


class Node:
    """A node of the synthesis tree, immutable to its users; what it holds is computed when asked for.

    ``sid``: NITTA's id, ``-`` for the root, else a dash and an index for every step. ``option``: what led here.
    """

    def __init__(self, sid: str, parent: Node | None, option: Option | None, group_binds: str) -> None:
        self.sid = sid
        self.parent = parent
        self.option = option
        self.group_binds = group_binds

    def __eq__(self, other: object) -> bool:
        """Nodes are equal if what is left to decide is: the way there makes no difference."""
        return isinstance(other, Node) and self.state == other.state

    def __hash__(self) -> int:
        return hash(self.state)

    @remembered
    def state(self) -> Synthesis:
        """The state behind the node. Raises :class:`gymcc.envs.nitta.units.InvalidDecision` if it has none."""
        assert self.parent is not None
        assert self.option is not None
        return self.option.decision.apply(self.parent.state)

    @remembered
    def crashed(self) -> bool:
        """Whether NITTA fails to evaluate the node; nothing more can be asked of it then."""
        try:
            return self.state is None
        except InvalidDecision:
            return True

    @property
    def model(self) -> Synthesis | None:
        """The state, None where the embedded model has none: below a decision that only a server knows."""
        return self.state

    @property
    def duration(self) -> int:
        """Tick of the last transport, -1 before the first."""
        return self.state.duration

    @property
    def is_leaf(self) -> bool:
        """Whether no decision is left (NITTA: isTerminal)."""
        return not self.options

    @property
    def is_complete(self) -> bool:
        """Whether every variable was transferred (NITTA: isFinish)."""
        return self.state.is_complete

    @property
    def unsent(self) -> int:
        """Variables still to be transferred."""
        state = self.state
        return len(state.algorithm.variables) - state.sent

    @property
    def unit_count(self) -> int:
        """How many units there are, NITTA's second objective."""
        return len(self.state.units)

    @property
    def depth(self) -> int:
        """Decisions taken so far."""
        return self.sid.count("-") if self.parent else 0

    @property
    def transfers(self) -> int:
        """How many transfers over the bus there were on the way here."""
        above = self.parent.transfers if self.parent else 0
        return above + (self.option is not None and self.option.kind == DecisionKind.DATAFLOW)

    @remembered
    def options(self) -> tuple[Option, ...]:
        """What can be decided here, in NITTA's order."""
        return offered(self.state, self.group_binds)

    @remembered
    def children(self) -> tuple[Node, ...]:
        """The nodes behind the options, in their order; they stay with this one."""
        return tuple(self.child(index) for index in range(len(self.options)))

    def child(self, index: int) -> Node:
        """The node behind an option; a new one, so that a long walk keeps nothing but its own path."""
        stem = self.sid if self.parent else ""
        return Node(f"{stem}-{index}", self, self.options[index], self.group_binds)

    @property
    def failing(self) -> frozenset[int]:
        """The options behind which NITTA cannot evaluate a node."""
        asked = (index for index, option in enumerate(self.options) if option.decision.fallible)
        return frozenset(index for index in asked if self.failure(index))

    def failure(self, index: int) -> str:
        """Why NITTA cannot evaluate the node behind an option; empty if it can."""
        decision = self.options[index].decision
        if not decision.may_fail(self.state) or not self.child(index).crashed:
            return ""
        try:
            decision.apply(self.state)
        except InvalidDecision as error:
            return str(error)
        raise AssertionError("an option that can be applied leads to a crashed node")

    def phrase(self, index: int) -> str:
        """The decision of an option in a few words, for people."""
        return self.options[index].decision.phrase(self.state)

    def __reduce__(self) -> tuple[Any, ...]:
        """A node pickles as its root and its id: states are made again, not copied."""
        return _node_at, (self.root, self.sid)

    @remembered
    def root(self) -> Root:
        """The root of the tree."""
        assert self.parent is not None
        return self.parent.root

    def at(self, sid: str) -> Node:
        """The node of that id, from the root of this one's tree."""
        if not _SID.fullmatch(sid):
            raise UnknownNode(f"{sid!r} is not a node id; ids look like - (the root) or -0-4-7")
        return self.root.below(map(int, sid.split("-")[1:] if sid != "-" else ()))

    def below(self, indices: Iterable[int]) -> Node:
        """The node at the end of a way down from this one; raises :class:`UnknownNode`."""
        node = self
        for index in indices:
            if node.crashed or index >= len(node.options):
                allowed = "none" if node.crashed else f"0 to {len(node.options) - 1}"
                raise UnknownNode(f"node {node.sid} has no child {index}; allowed: {allowed}")
            node = node.child(index)
        return node

    def view(self) -> dict[str, Any]:
        """The node as NITTA's API shows it (NodeView)."""
        return node_view(self)

    def schedule(self) -> Schedule:
        """What has been decided up to here, as plain data."""
        return self.state.schedule()


class Root(Node):
    """The root of a program's tree, which knows what it was opened with."""

    def __init__(self, program: Program, microarchitecture: Microarchitecture, group_binds: str) -> None:
        super().__init__("-", None, None, group_binds)
        self.program = program
        self.microarchitecture = microarchitecture

    @property
    def root(self) -> Root:
        """This node."""
        return self

    @remembered
    def state(self) -> Synthesis:
        """Everything waits."""
        return initial(self.program, self.microarchitecture)

    @remembered
    def variables(self) -> int:
        """How many variables the program has."""
        return len(Graph(self.program.functions).variables)

    @remembered
    def obstacles(self) -> tuple[str, ...]:
        """Why there can be no complete schedule, where that is known without a search."""
        return tuple(obstacles(self.program, self.microarchitecture))

    def __reduce__(self) -> tuple[Any, ...]:
        return open_tree, (self.program, self.microarchitecture, self.group_binds)


def open_tree(program: Program, microarchitecture: Microarchitecture = DEFAULT, group_binds: str = "nitta") -> Root:
    """The root of a program's tree. ``group_binds``: ``nitta`` offers all, ``obvious`` one, ``off`` none."""
    if group_binds not in GROUP_BINDS:
        raise ValueError(f"group_binds {group_binds!r} is not one of {', '.join(GROUP_BINDS)}")
    return Root(program, microarchitecture, group_binds)


def _node_at(root: Root, sid: str) -> Node:
    return root.at(sid)
