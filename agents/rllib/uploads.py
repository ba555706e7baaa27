"""Experience that running compilers upload, in place of episodes played here."""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import Any

from ray.rllib.utils.metrics import EPISODE_LEN_MEAN, EPISODE_RETURN_MEAN

from gymcc.agents.config import Uploads
from gymcc.agents.rllib.runner import RECENT, EpisodeRunner
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving.online.episodes import to_episodes
from gymcc.agents.serving.online.stream import POLL, Stream


class UploadRunner(EpisodeRunner):
    """Hands on the episodes that workers have uploaded, waiting for as many as are asked for."""

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        wanted: Uploads = config.uploads
        size, n_actions = self.module.observation_space["observations"].shape[0], int(self.module.action_space.n)
        self.stream = Stream(wanted, partial(to_episodes, size=size, n_actions=n_actions))
        self._waiting: deque[Trajectory] = deque()
        self._patience = wanted.patience

    def sample(self, *, steps: int = 1, steps_before: int = 0, **kwargs: Any) -> list[Trajectory]:
        """Episodes of ``steps`` together at least; fewer, even none, where no more came within the patience."""
        start = time.perf_counter()
        episodes: list[Trajectory] = []
        taken = 0
        until = start + self._patience
        while taken < steps:
            if not self._waiting:
                self._waiting.extend(self.stream.fetch())
            if self._waiting:
                episodes.append(self._waiting.popleft())
                taken += len(episodes[-1].actions)
            elif time.perf_counter() > until:
                break
            else:
                time.sleep(POLL)
        self._increase_sampled_metrics(taken, len(episodes))
        for episode in episodes:
            self.metrics.log_value(EPISODE_RETURN_MEAN, float(episode.rewards.sum()), window=RECENT)
            self.metrics.log_value(EPISODE_LEN_MEAN, len(episode.actions), window=RECENT)
        self.metrics.log_value("refused", self.stream.refused, reduce="max")
        self.seconds["columns"] += time.perf_counter() - start
        return episodes
