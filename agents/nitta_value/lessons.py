"""What a guide learns from: decisions in many trees, each with the best schedule that was found behind it.

The first lessons are random descents that follow NITTA's scores; later ones are descents and a search by the guide
learned so far, and descents from where that search did not go on, so that it learns from its own mistakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import exp, inf
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.nitta_value.guide import Guide
from gymcc.agents.nitta_value.observe import COLUMNS, Observer, remaining
from gymcc.agents.nitta_value.search import widening_beam
from gymcc.envs.nitta.methods import Explorer, Limit, LimitReached, is_success
from gymcc.envs.nitta.methods.sampling import NOISE, weights
from gymcc.envs.nitta.methods.threads import REFACTORINGS, STEP_LIMIT
from gymcc.envs.nitta.tree import Node

TEMPERATURES = (0.3, 1.0, 2.0)  # ticks by which an estimate may be worse to be taken with odds 1/e
ASTRAY = 0.08  # chance of a decision that the guide has no say in
Features = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Effort:
    """Per program: descents from the root, nodes that the guided search evaluates, descents from where it stopped."""

    descents: int = 40
    evaluations: int = 0
    continuations: int = 0


@dataclass(frozen=True, slots=True)
class Lessons:
    """Decisions: ``keys`` (N,) text, the node behind each; ``features`` (N, columns); ``growth`` float32 (N,), the best
    schedule found from there on in units of :func:`remaining`; ``hopeless`` bool (N,), where none was found (growth
    is 0 there).
    """

    keys: NDArray[np.str_]
    features: Features
    growth: NDArray[np.float32]
    hopeless: NDArray[np.bool_]

    def save(self, path: Path) -> None:
        """Write in one step, as npz."""
        partial = path.with_name(f".{path.name}")
        with partial.open("wb") as file:
            np.savez_compressed(file, **{name: getattr(self, name) for name in PARTS})
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Lessons:
        """Inverse of :meth:`save`."""
        with np.load(path, allow_pickle=False) as file:
            return cls(*(file[name] for name in PARTS))

    @classmethod
    def joined(cls, parts: Sequence[Lessons]) -> Lessons:
        """Lessons of several trees in one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in PARTS))

    def merged(self, other: Lessons) -> Lessons:
        """Two lessons of one tree: of what both tell the better."""
        at = {key: index for index, key in enumerate(self.keys)}
        same = np.array([at.get(key, -1) for key in other.keys], np.int64)
        mine, its = same[same >= 0], same >= 0
        growth, hopeless = self.growth.copy(), self.hopeless.copy()
        better = ~other.hopeless[its] & (hopeless[mine] | (other.growth[its] < growth[mine]))
        growth[mine[better]], hopeless[mine[better]] = other.growth[its][better], False
        rest = Lessons(*(getattr(other, name)[~its] for name in PARTS))
        return Lessons.joined([Lessons(self.keys, self.features, growth, hopeless), rest])


PARTS = ("keys", "features", "growth", "hopeless")


def gather(root: Node, guide: Guide | None, effort: Effort, seed: str) -> tuple[Lessons, float]:
    """Lessons of one tree, and the duration of the shortest schedule seen, inf without any."""
    study = _Study(root, guide, Random(seed))
    for _ in range(effort.descents):
        study.descend(root)
    if guide is not None and effort.evaluations:
        study.search(effort.evaluations, effort.continuations)
    return study.lessons(), min(study.best.values(), default=inf)


@dataclass(slots=True)
class _Seen:
    rows: NDArray[np.float32]
    remaining: float
    start: int  # duration before the decision
    estimates: list[float]


@dataclass
class _Study:
    """A tree and what has been seen of it; ``best``: by node and option the shortest schedule behind, inf for none."""

    root: Node
    guide: Guide | None
    random: Random
    seen: dict[str, _Seen] = field(default_factory=dict)
    best: dict[tuple[str, int], float] = field(default_factory=dict)
    observer: Observer = field(default_factory=Observer)

    def look(self, node: Node) -> _Seen:
        known = self.seen.get(node.sid)
        if known is None:
            rows = self.observer.rows(node)
            scale = remaining(node)
            ticks = self.guide.ticks(rows, scale).mean(axis=1).tolist() if self.guide else []
            known = self.seen[node.sid] = _Seen(rows, scale, node.duration, [node.duration + each for each in ticks])
        return known

    def descend(self, node: Node) -> None:
        """Go down by chance until nothing is left; what was found counts for all decisions on the way."""
        temperature = self.random.choice(TEMPERATURES)
        for _ in range(STEP_LIMIT):
            if node.crashed or not node.options:
                break
            node = node.children[self._choice(node, temperature)]
        self.note(node, float(node.duration) if is_success(node) else inf)

    def note(self, node: Node, duration: float) -> None:
        """A schedule of this duration (inf: none) was found at or below ``node``."""
        while node.parent is not None:
            self.look(node.parent)
            key = node.parent.sid, _index(node)
            self.best[key] = min(duration, self.best.get(key, inf))
            node = node.parent

    def search(self, evaluations: int, continuations: int) -> None:
        """The guided search; then some of the nodes that it left behind are gone on from."""
        visited: list[Node] = []

        def estimates(node: Node) -> list[float]:
            visited.append(node)
            return self.look(node).estimates

        with suppress(LimitReached):
            widening_beam(Explorer(Limit(evaluations), estimates), self.root)
        for node in visited:
            if not node.options:
                self.note(node, float(node.duration) if is_success(node) else inf)
        left = [n for n in visited if n.parent is not None and n.options and (n.parent.sid, _index(n)) not in self.best]
        for node in self.random.sample(left, min(continuations, len(left))):
            self.descend(node)

    def _choice(self, node: Node, temperature: float) -> int:
        estimates = self.look(node).estimates
        if not estimates or self.random.random() < ASTRAY:
            return self._by_scores(node)
        least = min(estimates)
        chances = [exp((least - estimate) / temperature) for estimate in estimates]
        return self.random.choices(range(len(chances)), chances)[0]

    def _by_scores(self, node: Node) -> int:
        """As the samplers of NITTA's methods: weighted by score, or refactorings first, or the best with some noise."""
        scores = [option.score for option in node.options]
        everything = range(len(scores))
        manner = self.random.randrange(3)
        if manner == 0:
            return self.random.choices(everything, weights(scores))[0]
        refactorings = [at for at in everything if node.options[at].decision.kind in REFACTORINGS]
        if manner == 1 and refactorings:
            return self.random.choice(refactorings)
        if self.random.random() < NOISE:
            return self.random.choice(everything)
        return max(everything, key=lambda at: (scores[at], at))

    def lessons(self) -> Lessons:
        keys = list(self.best)
        growth, features = np.zeros(len(keys), np.float32), np.zeros((len(keys), len(COLUMNS)), np.float16)
        hopeless = np.array([self.best[key] == inf for key in keys], np.bool_)
        for at, (sid, index) in enumerate(keys):
            seen = self.seen[sid]
            features[at] = seen.rows[index]
            if not hopeless[at]:
                growth[at] = (self.best[sid, index] - seen.start) / seen.remaining
        names = np.array([f"{sid}-{index}".replace("--", "-") for sid, index in keys], np.str_)
        return Lessons(names, features, growth, hopeless)


def _index(node: Node) -> int:
    return int(node.sid.rpartition("-")[2])
