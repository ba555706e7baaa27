"""What the model of scaling is fed with: measured durations, as samples to draw from."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in seconds of one training, each an array of what was measured."""

    episode_steps: Floats  # (E,) environment steps of each episode
    episode_seconds: Floats  # (E,) that the environment took for it
    step_overhead: float  # a runner's own work per environment step: inference, columns
    answer_overhead: float  # a runner's own work per request: weights, metrics
    update: Floats  # (U,) learner, per environment step of the batch
    send: float  # this process's work per round of requests: weights,
    receive: float  # per answer, whatever it holds: metrics,
    receive_step: float  # and per environment step received

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            values = np.atleast_1d(getattr(self, name))
            if len(values) == 0 or not np.isfinite(values).all() or (values < 0).any():
                raise ValueError(f"{name}: expected at least one duration, none of them negative")
        if len(self.episode_steps) != len(self.episode_seconds) or (self.episode_steps < 1).any():
            raise ValueError("episode_steps: expected one number from 1 for each of episode_seconds")

    def mixed(self, share: float, factor: float) -> Times:
        """As if that share of the episodes, the longest ones, took ``factor`` times as long."""
        if not 0 <= share <= 1 or factor < 0:
            raise ValueError(f"expected a share in [0, 1] and a factor from 0, got {share} and {factor}")
        order = np.argsort(self.episode_seconds)
        slow = order[len(order) - round(share * len(order)) :]
        seconds = self.episode_seconds.copy()
        seconds[slow] *= factor
        return replace(self, episode_seconds=seconds)

    def answer(self, random: np.random.Generator, steps: int) -> tuple[int, float]:
        """Whole episodes of ``steps`` steps at least: how many steps, and the seconds that a runner works for them."""
        mean = float(self.episode_steps.mean())
        taken, seconds = 0, 0.0
        while taken < steps:
            drawn = random.integers(len(self.episode_steps), size=max(1, round((steps - taken) / mean)))
            lengths = self.episode_steps[drawn].cumsum()
            count = int(np.searchsorted(lengths, steps - taken)) + 1
            taken += int(lengths[min(count, len(lengths)) - 1])
            seconds += float(self.episode_seconds[drawn[:count]].sum())
        return taken, seconds + taken * self.step_overhead + self.answer_overhead
