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

    samplings: list[float] = field(default_factory=list)  # from the requests to the last answer
    updates: list[float] = field(default_factory=list)
    answers: list[tuple[int, float]] = field(default_factory=list)  # of each runner: steps, seconds it worked
    episodes: list[tuple[int, float]] = field(default_factory=list)  # steps, seconds spent in the environment

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Time what is done within as one round of requests."""
        yield from _timed(self.samplings)

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Time what is done within as one update."""
        yield from _timed(self.updates)

    def add(self, results: Sequence[Sampled]) -> None:
        """Note what runners answered."""
        self.answers += [(result.steps, result.busy) for result in results]
        self.episodes += [(len(each.actions), each.seconds) for result in results for each in result.episodes]
        del self.answers[:-KEPT], self.episodes[:-KEPT]


def _timed(into: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    into.append(time.perf_counter() - start)
    del into[:-KEPT]
