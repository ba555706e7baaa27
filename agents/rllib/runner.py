"""An environment runner that plays many whole episodes side by side and returns them as columns.

RLlib's own runner spends 1 to 2 ms per step in connectors, more than the environments here take.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.utils.metrics import EPISODE_LEN_MEAN, EPISODE_RETURN_MEAN

from gymcc.agents.rllib.acting import Actor, actor
from gymcc.agents.rllib.networks import ILLEGAL
from gymcc.agents.rllib.player import Player
from gymcc.agents.rllib.trajectory import Trajectory

RECENT, WINDOW = 100, 1000  # episodes that returns and rates are averaged over


class EpisodeRunner(SingleAgentEnvRunner):  # type: ignore[misc]
    """Plays ``num_envs_per_env_runner`` episodes at a time; the network is asked about all of them at once.

    An episode depends on the seed, the runner's number and its own, and on the weights, not on what is played beside
    it: batched and one after the other are the same.
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.actor: Actor = actor(self.config.ours)
        self.seconds = dict.fromkeys(("stepping", "inference", "columns"), 0.0)  # spent so far
        self._number = 0  # of the next episode
        self._free: list[Any] = list(self.env.unwrapped.envs) if self.env is not None else []

    def sample(self, *, steps: int = 1, steps_before: int = 0, **kwargs: Any) -> list[Trajectory]:
        """Whole episodes of ``steps`` environment steps together at least, in the order in which they were begun.

        ``steps_before``: environment steps of all runners so far, for the exploration schedule.
        """
        start, accounted = time.perf_counter(), sum(self.seconds.values())
        playing: list[Player] = []
        ended: list[Player] = []
        taken = 0
        while True:
            while self._free and taken < steps:
                playing.append(self._begin(self._free.pop()))
            if not playing:
                break
            self._step(playing, steps_before)
            taken += len(playing)
            ended += [player for player in playing if player.ended]
            self._free += [player.env for player in playing if player.ended]
            playing = [player for player in playing if not player.ended]
        self._log(taken, ended)
        episodes = [player.trajectory() for player in sorted(ended, key=lambda player: player.number)]
        self.seconds["columns"] += time.perf_counter() - start - sum(self.seconds.values()) + accounted
        return episodes

    def _begin(self, env: Any) -> Player:
        player = Player(env, (self.config.run_seed, self.worker_index or 0, self._number))
        self._number += 1
        self.actor.begin(player)
        self.seconds["stepping"] += player.seconds
        return player

    def _step(self, players: Sequence[Player], steps: int) -> None:
        """One action of each."""
        start = time.perf_counter()
        scores, values = self._ask(players)
        actions = self.actor.act(players, scores, values, steps)
        asked = time.perf_counter()
        for player, action, best in zip(players, actions.tolist(), scores.argmax(-1).tolist(), strict=True):
            player.step(action, best)
        self.seconds["inference"] += asked - start
        self.seconds["stepping"] += time.perf_counter() - asked

    def _ask(self, players: Sequence[Player]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Masked scores (B, A) and values (B,) of the players' states, from one pass of the network."""
        observations = torch.from_numpy(np.stack([player.observations[-1] for player in players]))
        masks = torch.from_numpy(np.stack([player.masks[-1] for player in players]))
        with torch.inference_mode():
            scores, values = self.module.net(observations.float(), masks)
            return torch.where(masks > 0, scores, ILLEGAL).numpy(), values.numpy()

    def _log(self, steps: int, players: Sequence[Player]) -> None:
        self._increase_sampled_metrics(steps, len(players))
        for player in players:
            length = len(player.actions)
            self.metrics.log_value(EPISODE_RETURN_MEAN, sum(player.rewards), window=RECENT)
            self.metrics.log_value(EPISODE_LEN_MEAN, length, window=RECENT)
            self.metrics.log_value("illegal_rate", player.illegal / length, window=WINDOW)
            self.metrics.log_value("failure_rate", float(player.failed), window=WINDOW)
