"""A synthesis tree that no compiler made: shape, kinds and scores are drawn from the node's id and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random
from types import SimpleNamespace

KINDS = ("SingleBind", "GroupBind", "DataflowDecision", "BreakLoop", "OptimizeAccum")


@dataclass(frozen=True)
class ToyNode:
    seed: int
    sid: str = "-"
    parent: ToyNode | None = None
    depth_limit: int = 5
    crash_share: float = 0.0
    unit_count: int = 10

    @cached_property
    def _random(self) -> Random:
        return Random(f"{self.seed} {self.sid}")

    @property
    def depth(self) -> int:
        return self.sid.count("-") if self.parent else 0

    @cached_property
    def option(self):
        return self.parent.options[int(self.sid.rpartition("-")[2])] if self.parent else None

    @cached_property
    def crashed(self) -> bool:
        return self.parent is not None and Random(f"crash {self.seed} {self.sid}").random() < self.crash_share

    @cached_property
    def duration(self) -> int:
        return (self.parent.duration if self.parent else -1) + Random(f"ticks {self.seed} {self.sid}").randrange(3)

    @property
    def is_leaf(self) -> bool:
        return not self.options

    @cached_property
    def is_complete(self) -> bool:
        return self.depth > 1 and Random(f"end {self.seed} {self.sid}").random() < 0.7

    @cached_property
    def options(self):
        assert not self.crashed, f"{self.sid} was asked for its options"
        count = 0 if self.depth >= self.depth_limit else self._random.choice((0, 1, 2, 3, 4) if self.depth else (3, 4))
        return [self._option() for _ in range(count)]

    def _option(self):
        kind = self._random.choice(KINDS)
        metrics = {"pOnlyObviousBinds": self._random.random() < 0.5} if kind == "GroupBind" else {}
        score = self._random.choice((-10.0, 0.0, 100.0, 100.0, 200.0, 300.0))
        return SimpleNamespace(decision=SimpleNamespace(kind=kind), metrics=metrics, score=score)

    @cached_property
    def children(self):
        rest = self.seed, self.depth_limit, self.crash_share
        return [ToyNode(rest[0], self._below(at), self, *rest[1:]) for at in range(len(self.options))]

    def _below(self, index: int) -> str:
        return f"{self.sid}-{index}" if self.parent else f"-{index}"


def below(node):
    """All nodes of the tree, crashed ones included."""
    yield node
    if not node.crashed:
        for child in node.children:
            yield from below(child)
