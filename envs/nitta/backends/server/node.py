"""Nodes of a synthesis tree that a NITTA server holds, with the attributes of the embedded model's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from gymcc.envs.nitta.backends.server.errors import MalformedAnswer, NodeUnavailable
from gymcc.envs.nitta.backends.server.remote_schedule import read_schedule
from gymcc.envs.nitta.backends.server.views import UNAVAILABLE, NodeFacts, RemoteOption, parse_view, parse_views
from gymcc.envs.nitta.schedule import Schedule

MAX_CRASHED = 100  # children in a row; then the server is taken to crash over whatever lies there

SILENT = "the server gives no answer for the node behind it"


class UnknownRemoteNode(ValueError):
    """The server has no node of that id."""


class Asked(Protocol):
    """Whom nodes ask: a connection, or a server that is watched over."""

    @property
    def url(self) -> str: ...

    def get(self, path: str) -> Any: ...

    def post(self, path: str) -> Any: ...


class RemoteTree:
    """The tree of one server. Not thread-safe."""

    def __init__(self, server: Asked) -> None:
        self.server = server

    @cached_property
    def root(self) -> RemoteNode:
        """Raises BackendError."""
        return RemoteNode(self, "-", self.facts("-"))

    @cached_property
    def units(self) -> int:
        """Processing units at the root."""
        networks = self.server.get("/node/-/microarchitecture")["networks"]
        return sum(len(network["units"]) for network in networks)

    def facts(self, sid: str) -> NodeFacts:
        """What the server says of a node. Raises :class:`NodeUnavailable` for one that crashes it or is unknown."""
        path = f"/node/{sid}"
        return parse_view(self.ask(path), path)

    def children(self, sid: str) -> list[NodeFacts | None]:
        """The children of a node in NITTA's order, None for one that the server cannot evaluate.

        One such child breaks the list of all; then they are asked for one by one. Raises :class:`NodeUnavailable`
        where that finds none.
        """
        path = f"/node/{sid}/subForest"
        try:
            return list(parse_views(self.ask(path), path))
        except NodeUnavailable as error:
            if found := self._probed("" if sid == "-" else sid):
                return found
            raise error

    def history(self, sid: str) -> list[NodeFacts]:
        """What the server says of the nodes from the root's child down to ``sid``."""
        path = f"/node/{sid}/history"
        return parse_views(self.ask(path), path)

    def ask(self, path: str) -> Any:
        """The JSON at ``path``. What NITTA cannot evaluate fails again; anything else that goes wrong may not."""
        try:
            return self.server.get(path)
        except (NodeUnavailable, MalformedAnswer):
            return self.server.get(path)

    def _probed(self, prefix: str) -> list[NodeFacts | None]:
        found: list[NodeFacts | None] = []
        while any(found[-MAX_CRASHED:]) or len(found) < MAX_CRASHED:
            try:
                found.append(self.facts(f"{prefix}-{len(found)}"))
            except NodeUnavailable as error:
                if error.status:  # an index out of range; a crash closes the connection
                    return found
                found.append(None)
        return found[:-MAX_CRASHED]


class RemoteNode:
    """A node as :class:`gymcc.envs.nitta.tree.Node`: what is not known yet is asked for, then kept.

    ``facts`` is None for a node that the server cannot evaluate: ``crashed``, behind an option of unknown kind that
    scores -inf.
    """

    def __init__(self, tree: RemoteTree, sid: str, facts: NodeFacts | None, parent: RemoteNode | None = None) -> None:
        self.tree, self.sid, self.parent, self._facts = tree, sid, parent, facts

    def __repr__(self) -> str:
        return f"<node {self.sid} of {self.tree.server.url}>"

    @property
    def crashed(self) -> bool:
        """Whether the server cannot evaluate it; then nothing else may be asked, but for the option."""
        return self._facts is None

    @property
    def option(self) -> RemoteOption | None:
        """What led here; None at the root."""
        return UNAVAILABLE if self._facts is None else self._facts.option

    @property
    def duration(self) -> int:
        """Tick of the last transport, -1 before the first."""
        return self._known.duration

    @property
    def is_leaf(self) -> bool:
        """Whether there are no options."""
        return self._known.is_leaf

    @property
    def is_complete(self) -> bool:
        """Whether every variable is transferred."""
        return self._known.is_complete

    @property
    def depth(self) -> int:
        """Decisions taken so far."""
        return self.sid.count("-") if self.parent else 0

    @property
    def state(self) -> str:
        """What tells nodes of this tree apart: the server shows no more of a state than where it lies."""
        return self.sid

    @property
    def unit_count(self) -> int:
        """Processing units, those that were allocated on the way here included."""
        allocated = 0
        node: RemoteNode | None = self
        while node is not None and node.option is not None:
            allocated += node.option.decision.kind == "Allocation"
            node = node.parent
        return self.tree.units + allocated

    @property
    def sent(self) -> int:
        """Variables that the transfers on the way here have sent."""
        above = self.parent.sent if self.parent else 0
        return above + (len(self.option.decision.view.get("targets", ())) if self.option else 0)

    @property
    def phrase(self) -> str:
        """What led here in a few words, for people."""
        return self.option.decision.phrase if self.option else "start"

    @property
    def failing(self) -> frozenset[int]:
        """The options behind which a node cannot be evaluated."""
        return frozenset(index for index, child in enumerate(self.children) if child.crashed)

    def failure(self, index: int) -> str:
        """Why the node behind an option cannot be evaluated; empty if it can."""
        return SILENT if self.children[index].crashed else ""

    def anew(self) -> RemoteNode:
        """The same node, with nothing remembered of what lies below it."""
        return RemoteNode(self.tree, self.sid, self._facts, self.parent)

    @property
    def options(self) -> Sequence[RemoteOption]:
        """In NITTA's order; the children are asked for at once."""
        return [child.option for child in self.children if child.option is not None]

    @cached_property
    def children(self) -> tuple[RemoteNode, ...]:
        """The nodes behind the options. Raises BackendError."""
        if self._known.is_leaf:
            return ()
        prefix = "" if self.sid == "-" else self.sid
        found = enumerate(self.tree.children(self.sid))
        return tuple(RemoteNode(self.tree, f"{prefix}-{index}", facts, self) for index, facts in found)

    def child(self, index: int) -> RemoteNode:
        """The node behind an option. Raises BackendError."""
        return self.children[index]

    def at(self, sid: str) -> RemoteNode:
        """The node of that id below the root. Raises :class:`UnknownRemoteNode`, and BackendError."""
        node = self.tree.root
        try:
            for facts in self.tree.history(sid) if sid != "-" else ():
                node = RemoteNode(self.tree, facts.sid, facts, node)
        except NodeUnavailable as error:
            if not error.status:
                raise
            raise UnknownRemoteNode(f"the server has no node {sid!r}") from error
        return node

    def search(self, method: str) -> RemoteNode:
        """Where a search method of the server arrives from here, e.g. ``simpleSynthesis``. Raises BackendError."""
        return self.at(str(self.tree.server.post(f"/node/{self.sid}/{method}")))

    def view(self) -> dict[str, Any]:
        """NITTA's NodeView."""
        return dict(self._known.view)

    def schedule(self) -> Schedule:
        """What has been decided up to here; see :func:`read_schedule`. Raises BackendError."""
        base = f"/node/{self.sid}"
        pages = [self.tree.ask(f"{base}/{page}") for page in ("process", "microarchitecture", "debug")]
        try:
            return read_schedule(*pages)
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedAnswer(f"{base}/process", f"not a process that is understood here: {error}") from error

    @property
    def _known(self) -> NodeFacts:
        if self._facts is None:
            raise NodeUnavailable(f"node {self.sid}", "the server cannot evaluate it", 0)
        return self._facts
