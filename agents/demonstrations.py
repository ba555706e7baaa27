"""What imitation learns from where compilers upload: of every start the best episode that any worker has had."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gymcc.agents.config import Uploads
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving.online.episodes import to_episodes
from gymcc.agents.serving.online.stream import Stream

MOST = 20_000  # starts kept; of more the oldest go

Parts = tuple[Tensor, Tensor, Tensor]  # observations (N, D), masks (N, A) and right actions (N, A), float32


class Demonstrations:
    """The best episodes so far; of two from one start that with the greater return, or else the shorter one.

    A start is what a network sees of an instance before its first decision: it could not tell more of them apart.
    ``unordered``: the decisions are a set (:attr:`gymcc.envs.core.problem.Problem.unordered`).
    """

    def __init__(self, wanted: Uploads, size: int, n_actions: int, unordered: bool) -> None:
        self.stream = Stream(wanted, partial(to_episodes, size=size, n_actions=n_actions))
        self._unordered = unordered
        self._best: dict[bytes, Trajectory] = {}
        self.episodes = 0  # seen so far

    def __len__(self) -> int:
        """Starts of which an episode is known."""
        return len(self._best)

    def look(self) -> bool:
        """Take in what is new, after waiting for it for a while; whether something to imitate changed."""
        return sum(map(self.add, self.stream.wait())) > 0

    def add(self, episode: Trajectory) -> bool:
        """Take in an episode; whether it is the best from its start."""
        self.episodes += 1
        start = episode.observations[0].tobytes()
        known = self._best.get(start)
        if known is not None and _worth(known) >= _worth(episode):
            return False
        self._best[start] = episode
        if len(self._best) > MOST:
            del self._best[next(iter(self._best))]
        return True

    def parts(self) -> Parts:
        """Every state on the way of the best episodes, and what is right there."""
        best = list(self._best.values())
        columns = (
            np.concatenate([each.observations[:-1] for each in best]),
            np.concatenate([each.masks[:-1] for each in best]),
            np.concatenate([right(each, self._unordered) for each in best]),
        )
        observations, masks, marks = (torch.from_numpy(column).float() for column in columns)
        return observations, masks, marks


def right(episode: Trajectory, unordered: bool) -> NDArray[np.float32]:
    """Marks (T, A) of the actions that are right in each state of an episode.

    The one that was taken; where decisions are a set, all that were still to be taken, and stopping (the last action)
    only where nothing was.
    """
    steps, n_actions = len(episode.actions), episode.masks.shape[1]
    marks = np.zeros((steps, n_actions), np.float32)
    marks[np.arange(steps), episode.actions] = 1
    if unordered:
        marks = np.flip(np.maximum.accumulate(np.flip(marks, 0), 0), 0).copy()
        marks[:, -1] *= marks[:, :-1].sum(1) == 0
    return marks


def _worth(episode: Trajectory) -> tuple[float, int]:
    return float(episode.rewards.sum(dtype=np.float64)), -len(episode.actions)
