"""Where a training's time goes, as its algorithm sees it: each request for episodes and each update, in seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from gymcc.agents.rllib.sampling import Sampled

KEPT = 10_000  # of the latest entries


@dataclass(slots=True)
class Clock:
    """Durations in seconds."""

    samplings: list[float] = field(default_factory=list)  # from asking for episodes to having them
    updates: list[tuple[int, float]] = field(default_factory=list)  # environment steps since the last, duration
    rounds: list[list[Sampled]] = field(default_factory=list)  # answers that came together, without their episodes
    episodes: list[tuple[int, float]] = field(default_factory=list)  # steps, seconds spent in the environment

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Time what is done within as asking for episodes."""
        start = time.perf_counter()
        yield
        self.samplings.append(time.perf_counter() - start)
        del self.samplings[:-KEPT]

    @contextmanager
    def learning(self, steps: int) -> Iterator[None]:
        """Time what is done within as learning from so many new environment steps."""
        start = time.perf_counter()
        yield
        self.updates.append((steps, time.perf_counter() - start))
        del self.updates[:-KEPT]

    def add(self, answers: Sequence[Sampled]) -> None:
        """Note what runners answered."""
        if not answers:
            return
        self.rounds.append([answer._replace(episodes=[], metrics={}) for answer in answers])
        self.episodes += [(len(each.actions), each.seconds) for answer in answers for each in answer.episodes]
        del self.rounds[:-KEPT], self.episodes[:-KEPT]
