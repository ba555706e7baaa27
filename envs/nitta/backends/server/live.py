"""Nodes of a server's tree as states of the environment, with the embedded model's beside them while the two agree."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, cast

from gymcc.envs.core.problem import BackendError
from gymcc.envs.nitta.backends.server.node import SILENT, RemoteNode
from gymcc.envs.nitta.backends.server.server import NittaServer
from gymcc.envs.nitta.options import DecisionKind, Option
from gymcc.envs.nitta.schedule import Schedule
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.tree import Node, Root
from gymcc.envs.nitta.values import remembered


class LiveNode(Node):
    """A node of a server's tree. What it is and offers is what the server says; ``remote`` asks.

    A server does not show the state behind a node: clocks and loads of the units, what waits. That is the embedded
    model's, ``shadow``, which takes the same steps for as long as it offers as many options of the same kinds; below a
    decision that only the server knows it is None. Equal are nodes with equal shadows; without them, the same node.
    """

    def __init__(self, sid: str, parent: LiveNode | None, remote: RemoteNode, group_binds: str) -> None:
        Node.__init__(self, sid, parent, cast("Option | None", remote.option), group_binds)  # not Root's
        self.remote = remote

    @remembered
    def key(self) -> Hashable:
        """What it is compared by."""
        return (self.root.program.name, self.remote.sid) if self.model is None else self.model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LiveNode) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    # What the server says

    @property
    def crashed(self) -> bool:
        return self.remote.crashed

    @property
    def duration(self) -> int:
        return self.remote.duration

    @property
    def is_leaf(self) -> bool:
        return self.remote.is_leaf

    @property
    def is_complete(self) -> bool:
        return self.remote.is_complete

    @property
    def unit_count(self) -> int:
        return self.remote.unit_count

    @remembered
    def offered(self) -> tuple[RemoteNode, ...]:
        """The server's nodes behind the options, those aside that ``group_binds`` leaves out. Raises BackendError."""
        return tuple(node for node in self.remote.children if self._is_wanted(node))

    def _is_wanted(self, node: RemoteNode) -> bool:
        if self.group_binds == "nitta" or node.option is None or node.option.kind != DecisionKind.GROUP_BIND:
            return True
        return self.group_binds == "obvious" and bool(node.option.metrics.get("pOnlyObviousBinds"))

    @remembered
    def options(self) -> tuple[Option, ...]:
        """Of one that crashes the server, which then says no more, the embedded model tells the rest."""
        told = tuple(cast("Option", node.option) for node in self.offered)
        known = self.shadow.options if self.agrees and self.shadow else told
        return tuple(k if node.crashed else t for node, t, k in zip(self.offered, told, known, strict=True))

    @remembered
    def children(self) -> tuple[Node, ...]:
        stem = self.sid if self.parent else ""
        return tuple(LiveNode(f"{stem}-{at}", self, node, self.group_binds) for at, node in enumerate(self.offered))

    def child(self, index: int) -> Node:
        """The node behind an option. It stays with this one: to make it again, the server would have to be asked."""
        return self.children[index]

    @property
    def failing(self) -> frozenset[int]:
        return frozenset(index for index, node in enumerate(self.offered) if node.crashed)

    def failure(self, index: int) -> str:
        return SILENT if self.offered[index].crashed else ""

    def phrase(self, index: int) -> str:
        return self.shadow.phrase(index) if self.agrees and self.shadow else self.offered[index].phrase

    def view(self) -> dict[str, Any]:
        return self.remote.view()

    def schedule(self) -> Schedule:
        """As the server gives it; raises BackendError."""
        return self.remote.schedule()

    # What the embedded model adds

    @remembered
    def shadow(self) -> Node | None:
        """The embedded model's node, None from where on the two disagree."""
        parent = self.parent
        assert isinstance(parent, LiveNode)
        if not parent.agrees or parent.shadow is None or self.crashed:
            return None
        node = parent.shadow.child(int(self.sid.rpartition("-")[2]))
        same = not node.crashed and (node.duration, node.is_complete) == (self.duration, self.is_complete)
        return node if same else None

    @remembered
    def agrees(self) -> bool:
        """Whether the embedded model offers as many options of the same kinds here."""
        if self.shadow is None or len(self.shadow.options) != len(self.offered):
            return False
        pairs = zip(self.offered, self.shadow.options, strict=True)
        return all(node.crashed or (node.option and node.option.kind == option.kind) for node, option in pairs)

    @property
    def model(self) -> Synthesis | None:
        return self.shadow.state if self.shadow else None

    @property
    def state(self) -> Synthesis:
        """The embedded model's state; raises BackendError where it has none."""
        if self.model is None:
            raise BackendError(f"the embedded model does not know what the server has at {self.sid}")
        return self.model

    @property
    def unsent(self) -> int:
        """Without the embedded model: the program's variables less those that the transfers on the way have sent."""
        model = self.model
        if model is not None:
            return len(model.algorithm.variables) - model.sent
        return max(self.root.variables - self.remote.sent, 0)


class LiveRoot(LiveNode, Root):
    """The root of the tree that ``server`` has; nothing is remembered of an earlier one. ``shadow``: the model's."""

    def __init__(self, server: NittaServer, shadow: Root) -> None:
        super().__init__("-", None, server.root().anew(), shadow.group_binds)
        self.server, self.shadow = server, shadow
        self.program, self.microarchitecture = shadow.program, shadow.microarchitecture

    def __reduce__(self) -> tuple[Any, ...]:
        return LiveRoot, (self.server, self.shadow)
