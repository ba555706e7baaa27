"""What a search asks of a synthesis tree, whoever serves it: the embedded model, a real server, a recording."""

from __future__ import annotations

from typing import Any, Protocol, Self


class SynthesisOption(Protocol):
    """A decision on offer, its metrics by NITTA's names (``pWave``…), and its score: greater is better.

    ``decision.kind`` is "SingleBind", "DataflowDecision"…; a ``DecisionKind`` where the embedded model serves.
    """

    @property
    def decision(self) -> Any: ...

    @property
    def metrics(self) -> Any: ...

    @property
    def score(self) -> float: ...


class SynthesisNode(Protocol):
    """A node of the synthesis tree; see :class:`gymcc.envs.nitta.tree.Node` for what each attribute means.

    ``crashed`` is a bool, ``options`` a sequence of options, ``children`` one of nodes of the same class: mypy loses
    the types of attributes that are computed once and remembered where modules import each other.
    """

    @property
    def sid(self) -> str: ...

    @property
    def option(self) -> SynthesisOption | None: ...

    @property
    def parent(self) -> Self | None: ...

    @property
    def crashed(self) -> Any: ...

    @property
    def duration(self) -> int: ...

    @property
    def is_leaf(self) -> bool: ...

    @property
    def is_complete(self) -> bool: ...

    @property
    def unit_count(self) -> int: ...

    @property
    def options(self) -> Any: ...

    @property
    def children(self) -> Any: ...


def depth(node: SynthesisNode) -> int:
    """Decisions from the root: the number of indices in the node's id."""
    return 0 if node.sid == "-" else node.sid.count("-")


def is_success(node: SynthesisNode) -> bool:
    """Whether the node is a complete schedule: nothing left to decide and every variable transferred."""
    return not node.crashed and node.is_leaf and node.is_complete
