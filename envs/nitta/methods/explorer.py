"""What every method looks through: it counts the nodes evaluated, keeps to a limit and remembers the best schedule."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import Generic, TypeVar

from gymcc.envs.nitta.methods.protocol import SynthesisNode, is_success

N = TypeVar("N", bound=SynthesisNode)
Scores = Callable[[N], Sequence[float]]  # of all options of a node, in their order; a greater one is better
Point = tuple[int, float, float]  # nodes evaluated, seconds, duration


class LimitReached(Exception):
    """The limit has been reached; unwinds whatever loop a method is in."""


class SynthesisCrashed(Exception):
    """The method went where NITTA raises; there it ends with an error, whatever it has found before."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many nodes evaluated, and so much wall time; None: no limit. Raises ValueError unless positive."""

    evaluations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.evaluations is not None and self.evaluations < 1:
            raise ValueError(f"limit: evaluations must be at least 1, got {self.evaluations}")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"limit: seconds must be positive, got {self.seconds}")


def default_scores(node: SynthesisNode) -> Sequence[float]:
    """NITTA's own scores."""
    return [option.score for option in node.options]


class Explorer(Generic[N]):
    """Evaluates nodes for one search.

    A node is evaluated when its state is built and its options are listed and scored, or NITTA is found to fail there;
    that counts once, however often a method comes back, as NITTA keeps its tree. ``key`` says which nodes are the
    same: those of one id by default.
    ``curve`` has a point for every schedule shorter than all before.
    """

    def __init__(
        self,
        limit: Limit | None = None,
        scores: Scores[N] = default_scores,
        seed: int = 0,
        key: Callable[[N], Hashable] | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.limit, self._scores, self.random = limit or Limit(), scores, Random(seed)
        self._key, self._clock, self._began = key, clock, clock()
        self._known: dict[Hashable, Sequence[float]] = {}
        self._evaluated: set[Hashable] = set()
        self._schedules: list[N] = []  # each shorter than the one before
        self.curve: list[Point] = []

    def seeing(self, scores: Scores[N]) -> Explorer[N]:
        """The same search with other eyes: what either has evaluated, and the limit, is of both."""
        other = copy(self)
        other._scores, other._known = scores, {}
        return other

    @property
    def best(self) -> N | None:
        """The shortest schedule so far."""
        return self._schedules[-1] if self._schedules else None

    @property
    def evaluations(self) -> int:
        """Nodes evaluated so far."""
        return len(self._evaluated)

    @property
    def seconds(self) -> float:
        """Wall time since the search began."""
        return self._clock() - self._began

    def scores(self, node: N) -> Sequence[float]:
        """The scores of a node's options: evaluates it.

        Raises :class:`LimitReached`, and :class:`SynthesisCrashed` where NITTA would.
        """
        if self.limit.seconds is not None and self.seconds >= self.limit.seconds:
            raise LimitReached
        key = node.sid if self._key is None else self._key(node)
        known = self._known.get(key)
        if known is None:
            self._evaluate(node, key)
            known = self._known[key] = self._scores(node)
        return known

    def positive(self, node: N) -> list[tuple[float, N]]:
        """The children behind options with a score above 0, in order, each with its score; evaluates ``node``."""
        scores = self.scores(node)
        return [(score, node.children[index]) for index, score in enumerate(scores) if score > 0]

    def _evaluate(self, node: N, key: Hashable) -> None:
        if key not in self._evaluated and self.evaluations == self.limit.evaluations:
            raise LimitReached
        self._evaluated.add(key)  # also where NITTA fails: to find that out is not free
        if node.crashed:
            raise SynthesisCrashed(node.sid)
        if is_success(node) and (self.best is None or node.duration < self.best.duration):
            self._schedules.append(node)
            self.curve.append((self.evaluations, self.seconds, float(node.duration)))
