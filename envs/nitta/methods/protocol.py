"""What a search asks of a synthesis tree, whoever serves it: the embedded model, a real server, a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self


class SynthesisDecision(Protocol):
    """``kind``: "SingleBind", "DataflowDecision"…; a ``DecisionKind`` where the embedded model serves."""

    @property
    def kind(self) -> str: ...


class SynthesisOption(Protocol):
    """A decision on offer, its metrics by NITTA's names (``pWave``…), and its score: greater is better."""

    @property
    def decision(self) -> SynthesisDecision: ...

    @property
    def metrics(self) -> Any: ...

    @property
    def score(self) -> float: ...


class SynthesisNode(Protocol):
    """A node of the synthesis tree; see :class:`gymcc.envs.nitta.tree.Node` for what each attribute means."""

    @property
    def sid(self) -> str: ...

    @property
    def option(self) -> SynthesisOption | None: ...

    @property
    def parent(self) -> Self | None: ...

    @property
    def crashed(self) -> bool: ...

    @property
    def duration(self) -> int: ...

    @property
    def is_leaf(self) -> bool: ...

    @property
    def is_complete(self) -> bool: ...

    @property
    def unit_count(self) -> int: ...

    @property
    def options(self) -> Sequence[SynthesisOption]: ...

    @property
    def children(self) -> Sequence[Self]: ...


def depth(node: SynthesisNode) -> int:
    """Decisions from the root: the number of indices in the node's id."""
    return 0 if node.sid == "-" else node.sid.count("-")


def is_success(node: SynthesisNode) -> bool:
    """Whether the node is a complete schedule: nothing left to decide and every variable transferred."""
    return not node.crashed and node.is_leaf and node.is_complete
