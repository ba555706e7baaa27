"""Numbers and texts: runtime, flops, ir and loop_tree."""

from __future__ import annotations

import string

import gymnasium as gym
import numpy as np

from gymcc.envs.core.episode import Episode
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import LoopState
from gymcc.envs.looptune.text import tree, write

HIGH = 1e6  # seconds or GFLOP/s: beyond anything one core does, and finite, as Gymnasium wants
_TEXT = gym.spaces.Text(max_length=4096, min_length=1, charset=string.printable)


class Runtime:
    """Seconds of one execution, float64 scalar."""

    def __init__(self, problem: LoopTune) -> None:
        self.problem = problem
        self.space = gym.spaces.Box(0.0, HIGH, (), np.float64)

    def __call__(self, episode: Episode[LoopState]) -> np.ndarray:
        return np.array(self.problem.cost(episode.state))


class Flops:
    """Speed in 10^9 floating-point operations per second, float64 scalar."""

    def __init__(self, problem: LoopTune) -> None:
        self.problem = problem
        self.space = gym.spaces.Box(0.0, HIGH, (), np.float64)

    def __call__(self, episode: Episode[LoopState]) -> np.ndarray:
        return np.array(self.problem.gflops(episode.state))


class Ir:
    """The nest and cursor as one line that ``problem.decode`` reads back."""

    space = _TEXT

    def __call__(self, episode: Episode[LoopState]) -> str:
        return write(episode.state)


class LoopTree:
    """The nest indented, the cursor marked."""

    space = _TEXT

    def __call__(self, episode: Episode[LoopState]) -> str:
        return tree(episode.state)
