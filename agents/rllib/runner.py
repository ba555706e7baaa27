"""An environment runner that plays whole episodes in lock-step and returns them as columns.

RLlib's own runner spends 1 to 2 ms per step in connectors, more than the environments here take.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from gymcc.agents.rllib.replay import Trajectory
from gymcc.envs.core.problem import BackendError, Problem


class EpisodeRunner(SingleAgentEnvRunner):  # type: ignore[misc]
    """Samples ``rollout_fragment_length`` environment steps per environment at least, in complete episodes."""

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.random = np.random.default_rng(self._seed)
        self._instance_seeds = self.random.integers(2**31, size=self.num_envs).tolist()  # for the first episodes

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
        seeds, self._instance_seeds = self._instance_seeds, [None] * self.num_envs
        envs = self.env.unwrapped.envs
        players = [self._player(env, seed) for env, seed in zip(envs, seeds, strict=True)]
        while running := [player for player in players if not player.ended]:
            actions, greedy = self._act(running, t, explore)
            for player, action, best in zip(running, actions, greedy, strict=True):
                player.step(int(action), int(best))
        seconds = (time.perf_counter() - start) / len(players)
        for player in players:
            self._log_episode_metrics(len(player.actions), sum(player.rewards), seconds)
            self.metrics.log_value("illegal_rate", player.illegal / len(player.actions), window=1000)
            self.metrics.log_value("failure_rate", float(player.failed), window=1000)
        return [player.trajectory() for player in players]

    def _act(self, players: list[_Player], t: int, explore: bool) -> tuple[Any, Any]:
        """What the policy does, and what it would do without exploring."""
        observations = np.stack([player.observations[-1] for player in players])
        masks = np.stack([player.masks[-1] for player in players])
        tensors = {"observations": torch.from_numpy(observations), "action_mask": torch.from_numpy(masks)}
        batch = {Columns.OBS: tensors, "stretch": torch.tensor([player.in_stretch for player in players])}
        if not explore:
            greedy = self.module.forward_inference(batch)[Columns.ACTIONS].numpy()
            return greedy, greedy
        out = self.module.forward_exploration(batch, t=t)
        return out[Columns.ACTIONS].numpy(), out["greedy"].numpy()

    def _player(self, env: Any, seed: int | None) -> _Player:
        """An episode begun, of which some steps may be decided: random over a stretch, or at first the heuristic's."""
        player = _Player(env, seed, self._stretch())
        if self.random.random() < self.config.ours.demonstrations:
            decisions = _demonstrated(env.unwrapped.problem, player.instance)
            player.script = decisions[: int(self.random.integers(len(decisions), endpoint=True))]
        return player

    def _stretch(self) -> range:
        """Steps of the next episode that are random."""
        steps = self.env.unwrapped.envs[0].unwrapped.max_steps
        if self.random.random() >= self.config.ours.epsilon.stretches:
            return range(0)
        start = int(self.random.integers(steps))
        return range(start, start + int(self.random.integers(1, steps - start, endpoint=True)))


def _demonstrated(problem: Problem[Any], instance: str) -> Sequence[int]:
    """What the heuristic does; nothing where a live compiler fails to tell."""
    try:
        return problem.heuristic(instance)
    except BackendError:
        return ()


class _Player:
    """An episode in progress."""

    def __init__(self, env: Any, seed: int | None, stretch: range) -> None:
        self.env = env
        self.stretch = stretch
        self.script: Sequence[int] = ()  # the first actions, whatever the policy would do
        observation, info = env.reset(seed=seed)
        self.instance: str = info["instance"]
        self.observations, self.masks = [observation["observations"]], [observation["action_mask"]]
        self.actions: list[int] = []
        self.rewards: list[float] = []
        self.explored: list[bool] = []
        self.illegal = 0
        self.failed = False
        self.ended = False

    @property
    def in_stretch(self) -> bool:
        return len(self.actions) in self.stretch

    def step(self, action: int, greedy: int) -> None:
        if len(self.actions) < len(self.script):
            action = self.script[len(self.actions)]
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.observations.append(observation["observations"])
        self.masks.append(observation["action_mask"])
        self.actions.append(action)
        self.rewards.append(reward)
        self.explored.append(action != greedy)
        self.illegal += bool(info["illegal"])
        self.failed = bool(info["error"])
        self.ended = terminated or truncated

    def trajectory(self) -> Trajectory:
        return Trajectory(
            np.stack(self.observations),
            np.stack(self.masks),
            np.array(self.actions),
            np.array(self.rewards, np.float32),
            np.array(self.explored),
        )
