"""An environment runner that plays whole episodes in lock-step and returns them as columns.

RLlib's own runner spends 1 to 2 ms per step in connectors, more than the environments here take.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from gymcc.agents.rllib.replay import Trajectory


class EpisodeRunner(SingleAgentEnvRunner):  # type: ignore[misc]
    """Samples ``rollout_fragment_length`` environment steps per environment at least, in complete episodes."""

    def sample(self, *, steps_before: int = 0, explore: bool = True, **kwargs: Any) -> list[Trajectory]:
        """Play episodes; ``steps_before``: environment steps of all runners so far, for the exploration schedule."""
        wanted = self.config.get_rollout_fragment_length(self.worker_index) * self.num_envs
        episodes: list[Trajectory] = []
        done = 0
        while done < wanted:
            t = steps_before + done * max(1, self.config.num_env_runners)
            played = self._play_round(t, explore)
            done += sum(len(episode.actions) for episode in played)
            episodes += played
        self._increase_sampled_metrics(done, len(episodes))
        return episodes

    def _play_round(self, t: int, explore: bool) -> list[Trajectory]:
        """One episode in each environment."""
        start = time.perf_counter()
        seed, self._unseeded = getattr(self, "_unseeded", self._seed), None
        players = [
            _Player(env, None if seed is None else 1000 * seed + index)
            for index, env in enumerate(self.env.unwrapped.envs)
        ]
        while running := [player for player in players if not player.ended]:
            actions = self._act(running, t, explore)
            for player, action in zip(running, actions, strict=True):
                player.step(int(action))
        seconds = (time.perf_counter() - start) / len(players)
        for player in players:
            self._log_episode_metrics(len(player.actions), sum(player.rewards), seconds)
            self.metrics.log_value("illegal_rate", player.illegal / len(player.actions), window=1000)
        return [player.trajectory() for player in players]

    def _act(self, players: list[_Player], t: int, explore: bool) -> Any:
        observations = np.stack([player.observations[-1] for player in players])
        masks = np.stack([player.masks[-1] for player in players])
        tensors = {"observations": torch.from_numpy(observations), "action_mask": torch.from_numpy(masks)}
        batch = {Columns.OBS: tensors}
        module = self.module
        out = module.forward_exploration(batch, t=t) if explore else module.forward_inference(batch)
        return out[Columns.ACTIONS].numpy()


class _Player:
    """An episode in progress."""

    def __init__(self, env: Any, seed: int | None) -> None:
        self.env = env
        observation, _ = env.reset(seed=seed)
        self.observations, self.masks = [observation["observations"]], [observation["action_mask"]]
        self.actions: list[int] = []
        self.rewards: list[float] = []
        self.illegal = 0
        self.ended = False

    def step(self, action: int) -> None:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.observations.append(observation["observations"])
        self.masks.append(observation["action_mask"])
        self.actions.append(action)
        self.rewards.append(reward)
        self.illegal += bool(info["illegal"])
        self.ended = terminated or truncated

    def trajectory(self) -> Trajectory:
        return Trajectory(
            np.stack(self.observations),
            np.stack(self.masks),
            np.array(self.actions),
            np.array(self.rewards, np.float32),
        )
