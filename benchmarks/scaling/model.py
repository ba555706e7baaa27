"""A discrete-event model of training: runners and a learner on so many cores, in turns or without waiting.

Processes share the cores evenly. In turns (PPO, DQN): every runner is asked for its share of a batch, the learner waits
for all answers, then the runners wait for the learner. Without waiting (IMPALA, APPO): every runner has a second
request queued, and the learner takes whatever batch there is first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gymcc.benchmarks.scaling.times import Times

WARM_UP = 0.2  # share of the updates that the measurement leaves out
QUEUED = 2  # requests that a runner has where nobody waits, the one it works on included


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulated training did."""

    steps_per_s: float
    learning: float  # shares of the wall time: the learner learned,
    receiving: float  # the learner's process sent or received,
    runners_busy: float  # and a runner worked, on average
    crowded: float  # share of the wall time in which more processes had work than there are cores
    lag: float  # updates done between a batch's weights and its use

    @property
    def bottleneck(self) -> str:
        """What keeps it from being faster: the cores, the runners, the learner, transfers, or waiting for a runner."""
        here = self.learning + self.receiving
        if self.crowded >= 0.5:
            return "cores"
        nobody = 1 - here - self.runners_busy  # but the slowest runner, whom everybody waits for
        if self.runners_busy >= max(here, nobody):
            return "runners"
        if nobody > here:
            return "slowest runner"
        return "learner" if self.learning >= self.receiving else "transfer"


def simulate(
    times: Times, runners: int, *, cores: int, batch: int, waits: bool, updates: int = 60, seed: int = 0
) -> Outcome:
    """Train with ``runners`` processes (0: in the learner's own) for so many updates of ``batch`` steps.

    Raises ValueError for numbers that mean nothing.
    """
    if runners < 0 or min(cores, batch, updates) < 1:
        raise ValueError(f"runners from 0, cores, batch and updates from 1: got {runners}, {cores}, {batch}, {updates}")
    training = _Training(times, runners, cores, batch, waits, np.random.default_rng(seed))
    skipped = int(updates * WARM_UP)
    training.run(skipped)
    training.forget()
    training.run(updates - skipped)
    return training.outcome()


class _Training:
    """Processes 0 to n - 1 are runners, the last one is the learner's."""

    def __init__(
        self, times: Times, runners: int, cores: int, batch: int, waits: bool, random: np.random.Generator
    ) -> None:
        self.times, self.runners, self.cores, self.batch = times, runners, cores, batch
        self.waits, self.random = waits or runners == 0, random
        self.share = -(-batch // max(1, runners))
        self.work = np.full(runners + 1, np.inf)  # seconds still to work, inf: nothing to do
        self.asked: list[deque[int]] = [deque() for _ in range(runners)]  # requests: number of updates at the time
        self.free = [QUEUED] * runners  # further requests that a runner may be sent, until answers have been received
        self.playing = [0] * runners  # steps of the answer being worked on
        self.answers: deque[tuple[int, int, int]] = deque()  # runner, steps, number of updates when asked for
        self.updates = 0
        self.forget()

    def forget(self) -> None:
        """Measure from now on."""
        self.now = self.learning = self.receiving = self.busy = self.crowded = 0.0
        self.steps = 0
        self.lags: list[float] = []

    def run(self, updates: int) -> None:
        """So many more updates."""
        for _ in range(updates):
            self._collect()
            self.learning += self._work_here(float(self.random.choice(self.times.update)) * self.ready)
            self.steps += self.ready
            self.updates += 1

    def outcome(self) -> Outcome:
        wall = self.now
        busy = self.busy / (wall * max(1, self.runners))
        return Outcome(
            self.steps / wall,
            self.learning / wall,
            self.receiving / wall,
            busy,
            self.crowded / wall,
            float(np.mean(self.lags)) if self.lags else 0.0,
        )

    def _collect(self) -> None:
        """Wait for a batch: whole answers of ``batch`` steps at least, of all runners where they take turns."""
        self.ready = 0
        if self.runners == 0:
            self.ready, seconds = self.times.answer(self.random, self.batch)
            self.busy += self._work_here(seconds)
            return
        self.receiving += self._work_here(self.times.send)
        missing = 0
        if self.waits:
            self._ask(range(self.runners), 1)
            missing = self.runners
        else:
            self._ask(range(self.runners), QUEUED)
        while self.ready < self.batch or missing > 0:
            while not self.answers:
                self._advance()
            runner, steps, asked = self.answers.popleft()
            self.receiving += self._work_here(self.times.receive + steps * self.times.receive_step)
            self.ready += steps
            self.lags.append(self.updates - asked)
            self.free[runner] += 1
            missing -= 1
            if not self.waits:
                self._ask([runner], QUEUED)

    def _ask(self, runners: Iterable[int], requests: int) -> None:
        """Fill runners' queues up."""
        for runner in runners:
            for _ in range(requests - QUEUED + self.free[runner]):
                self.free[runner] -= 1
                self.asked[runner].append(self.updates)
            if self.asked[runner] and np.isinf(self.work[runner]):
                self._begin(runner)

    def _begin(self, runner: int) -> None:
        self.playing[runner], self.work[runner] = self.times.answer(self.random, self.share)

    def _work_here(self, seconds: float) -> float:
        """The learner's process works; the wall time that it took."""
        start = self.now
        self.work[-1] = seconds
        while np.isfinite(self.work[-1]):
            self._advance()
        return self.now - start

    def _advance(self) -> None:
        """To the next process that has finished."""
        active = int(np.isfinite(self.work).sum())
        speed = min(1.0, self.cores / active)
        passed = float(self.work.min()) / speed
        self.now += passed
        self.busy += passed * int(np.isfinite(self.work[:-1]).sum())
        self.crowded += passed * (active > self.cores)
        self.work -= passed * speed
        done = np.flatnonzero(self.work <= 1e-12)
        self.work[done] = np.inf
        for runner in done[done < self.runners].tolist():
            self.answers.append((runner, self.playing[runner], self.asked[runner].popleft()))
            if self.asked[runner]:
                self._begin(runner)
