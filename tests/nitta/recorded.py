"""A node of the synthesis tree read back from a recorded trace: what a real NITTA said, behind the interface of Node.

>>> root = RecordedNode.load("fir3")
>>> root.at("-0-1").duration
-1

Only nodes whose children were recorded have some; :class:`NotRecorded` otherwise. Of a child that crashed NITTA the
trace knows nothing but that: its option has no kind, no metrics and the score -inf.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import inf
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data" / "nitta"
DEFAULT_UNITS = 10
KINDS = {
    "AllocationView": "Allocation",
    "GroupBindView": "GroupBind",
    "SingleBindView": "SingleBind",
    "DataflowDecisionView": "DataflowDecision",
    "BreakLoopView": "BreakLoop",
    "ResolveDeadlockView": "ResolveDeadlock",
    "OptimizeAccumView": "OptimizeAccum",
    "OptimizeLogicalUnitView": "OptimizeLogicalUnit",
    "ConstantFoldingView": "ConstantFolding",
}


class NotRecorded(LookupError):
    """The trace does not say what is below this node."""


@dataclass(frozen=True)
class RecordedDecision:
    """``kind`` as DecisionKind's values ("" of a crashed child), ``view`` as the server printed it."""

    kind: str
    view: Mapping[str, Any]


@dataclass(frozen=True)
class RecordedOption:
    decision: RecordedDecision
    metrics: Mapping[str, Any]
    score: float


@dataclass(frozen=True)
class RecordedNode:
    """A node of a trace; ``own`` is what its parent's record says of it, or the header of the root."""

    trace: Mapping[str, Sequence[Mapping[str, Any]]]  # children by sid
    sid: str
    own: Mapping[str, Any]
    parent: RecordedNode | None = None
    unit_count: int = DEFAULT_UNITS

    @classmethod
    def load(cls, name: str) -> RecordedNode:
        """The root of the trace of that program."""
        records = read_trace(name)
        children = {each["sid"]: each["children"] for each in records if each["record"] == "node"}
        return cls(children, "-", records[0]["root"])

    @property
    def option(self) -> RecordedOption | None:
        if self.parent is None:
            return None
        if self.crashed:
            return RecordedOption(RecordedDecision("", {}), {}, -inf)
        view, metrics = self.own["decision"], self.own["parameters"]
        known = {name: _frozen(value) for name, value in metrics.items() if name != "tag"} if metrics else {}
        return RecordedOption(RecordedDecision(KINDS[view["tag"]], view), known, self.own["score"])

    @property
    def crashed(self) -> bool:
        return bool(self.own.get("crashed", False))

    @property
    def duration(self) -> int:
        return int(self.own["duration"])

    @property
    def is_leaf(self) -> bool:
        return bool(self.own["isTerminal"])

    @property
    def is_complete(self) -> bool:
        return bool(self.own["isFinish"])

    @property
    def options(self) -> list[RecordedOption]:
        return [child.option for child in self.children if child.option is not None]

    @cached_property
    def children(self) -> tuple[RecordedNode, ...]:
        if self.sid not in self.trace:
            if not self.crashed and self.is_leaf:
                return ()
            raise NotRecorded(f"{self.sid}: its children were not recorded")
        prefix = self.sid if self.parent is not None else ""
        return tuple(RecordedNode(self.trace, f"{prefix}-{each['index']}", each, self) for each in self.trace[self.sid])

    def at(self, sid: str) -> RecordedNode:
        """The node of that id, which is absolute: ``-0-4`` is child 4 of child 0 of the root."""
        node = self
        while node.parent is not None:
            node = node.parent
        for index in sid.split("-")[1:] if sid != "-" else ():
            node = node.children[int(index)]
        return node

    def view(self) -> dict[str, Any]:
        """NITTA's NodeView of it."""
        return {"sid": self.sid, **{name: value for name, value in self.own.items() if name != "index"}}


@cache
def read_trace(name: str) -> list[dict[str, Any]]:
    """All records of a trace, the header first."""
    with gzip.open(DATA / "traces" / f"{name}.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def walks(name: str, *kinds: str) -> list[dict[str, Any]]:
    """The recorded walks of these kinds."""
    return [each for each in read_trace(name) if each["record"] == "walk" and each["kind"] in kinds]


@cache
def results() -> dict[str, Any]:
    """results.json: search methods and random descents by program."""
    found: dict[str, Any] = json.loads((DATA / "results.json").read_text())
    return found


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
