"""Experience that running compilers upload, in place of episodes played here."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ray.rllib.utils.metrics import EPISODE_LEN_MEAN, EPISODE_RETURN_MEAN

from gymcc.agents.config import Uploads
from gymcc.agents.rllib.runner import RECENT, EpisodeRunner
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.errors import ServingError
from gymcc.agents.serving.online.episodes import to_episodes
from gymcc.agents.serving.online.sources import ListSource
from gymcc.agents.serving.protocol.address import Settings

POLL = 0.05  # seconds between looks


class UploadRunner(EpisodeRunner):
    """Hands on the episodes that workers have uploaded, waiting for as many as are asked for.

    A batch that does not fit the network is counted (``refused``) and passed over: one worker of another version does
    not end the training. While the server is away it waits.
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        wanted: Uploads = config.uploads
        client = Client(address=wanted.address)
        producers = Settings.from_environment(address=wanted.address).key_in or ("",)
        self._sources = [ListSource(client, wanted.list, each, consume=wanted.consume) for each in producers]
        self._waiting: deque[Trajectory] = deque()
        self._patience = wanted.patience
        self._refused = 0

    def sample(self, *, steps: int = 1, steps_before: int = 0, **kwargs: Any) -> list[Trajectory]:
        """Episodes of ``steps`` together at least; fewer, even none, where none have come for the source's patience."""
        start = time.perf_counter()
        episodes: list[Trajectory] = []
        taken = 0
        until = start + self._patience
        while taken < steps:
            if not self._waiting:
                self._fetch()
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
        self.metrics.log_value("refused", self._refused, reduce="max")
        self.seconds["columns"] += time.perf_counter() - start
        return episodes

    def _fetch(self) -> None:
        space = self.module.observation_space["observations"]
        for source in self._sources:
            try:
                batches = source.fetch()
            except ServingError:  # the server is away, or was started anew: the next look will tell
                continue
            for batch in batches:
                try:
                    self._waiting.extend(to_episodes(batch, space.shape[0], int(self.module.action_space.n)))
                except ValueError:
                    self._refused += 1
