"""An episode in progress, with all its randomness, so that it is the same whatever is played beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.rllib.trajectory import Opinion, Trajectory


class Player:
    """One episode of an environment, from its reset on."""

    def __init__(self, env: Any, seed: Sequence[int]) -> None:
        """``seed``: of the run, number of the runner, number of the episode."""
        self.env, self.number = env, seed[-1]
        self.random = np.random.default_rng(seed)
        start = time.perf_counter()
        observation, info = env.reset(seed=int(self.random.integers(2**31)))
        self.seconds = time.perf_counter() - start
        self.instance: str = info["instance"]
        self.observations, self.masks = [observation["observations"]], [observation["action_mask"]]
        self.actions: list[int] = []
        self.rewards: list[float] = []
        self.explored: list[bool] = []
        self.opinions: list[tuple[NDArray[np.float32], float, float]] = []
        self.stretch = range(0)  # steps that are random
        self.script: Sequence[int] = ()  # the first actions, whatever the policy would do
        self.illegal = 0
        self.failed = self.ended = False

    @property
    def in_stretch(self) -> bool:
        """Whether the next step is to be random."""
        return len(self.actions) in self.stretch

    def step(self, action: int, greedy: int) -> None:
        """Take the script's action, or where that has ended ``action``; ``greedy`` is the best in the policy's eyes."""
        if len(self.actions) < len(self.script):
            action = self.script[len(self.actions)]
        start = time.perf_counter()
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.seconds += time.perf_counter() - start
        self.observations.append(observation["observations"])
        self.masks.append(observation["action_mask"])
        self.actions.append(action)
        self.rewards.append(reward)
        self.explored.append(action != greedy)
        self.illegal += bool(info["illegal"])
        self.failed = bool(info["error"])
        self.ended = terminated or truncated

    def trajectory(self) -> Trajectory:
        """The episode, once ended."""
        return Trajectory(
            np.stack(self.observations),
            np.stack(self.masks),
            np.array(self.actions),
            np.array(self.rewards, np.float32),
            np.array(self.explored),
            self._opinion(),
            self.instance,
            self.number,
            self.seconds,
        )

    def _opinion(self) -> Opinion | None:
        if not self.opinions:
            return None
        logits, logp, values = zip(*self.opinions, strict=True)
        return Opinion(np.stack(logits), np.array(logp, np.float32), np.array(values, np.float32))
