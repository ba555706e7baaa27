"""A worker: decides by the published policy, sometimes otherwise, and uploads what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from gymcc.agents.policy import Policy
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import published_key, served_policy, version_of
from gymcc.agents.serving.client.errors import UnknownKey
from gymcc.agents.serving.online.episodes import to_transitions
from gymcc.agents.serving.online.upload import TransitionUploader
from gymcc.envs.core.env import CompilerEnv

Teacher = Callable[[str], Sequence[int] | None]  # decisions on an instance from its start on, None: none are known


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one episode."""

    instance: str
    version: int  # of the policy that decided
    speedup: float  # cost of the start over cost of the end; nan if the back end failed


class Worker:
    """Plays episodes of ``env`` one after the other; the policy is looked up anew for each, so that it may change.

    While there is none, decisions are those that ``teacher`` gives for the instance, and random ones after the first
    that was taken otherwise, or without a teacher.
    """

    def __init__(
        self,
        env: CompilerEnv[Any],
        client: Client,
        uploader: TransitionUploader,
        name: str,
        epsilon: float,
        seed: int,
        teacher: Teacher | None = None,
    ) -> None:
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon {epsilon}: allowed: 0 to 1")
        self.env, self._client, self._uploader, self._name = env, client, uploader, name
        self._epsilon, self._random, self._teacher = epsilon, Random(seed), teacher
        self._policies: dict[str, Policy] = {}

    def work(self, instances: Sequence[str], episodes: int, tell: Callable[[Report], None]) -> None:
        """Play so many episodes on instances drawn from those given, and upload each when it ends."""
        for _ in range(episodes):
            key, policy = self._policy()
            episode, report = self._play(self._random.choice(instances), policy, version_of(key))
            if len(episode.actions):
                self._uploader.put_transitions(to_transitions(episode), report.version)
            tell(report)

    def _policy(self) -> tuple[str, Policy | None]:
        key = published_key(self._client, self._name)
        if key is None:
            return "", None
        if key not in self._policies:
            try:
                policy = served_policy(self._client, key)
            except UnknownKey:  # deleted in between
                return "", None
            policy.check(self.env)
            self._policies = {key: policy}
        return key, self._policies[key]

    def _play(self, instance: str, policy: Policy | None, version: int) -> tuple[Trajectory, Report]:
        observation, info = self.env.reset(seed=self._random.randrange(2**31), options={"instance": instance})
        start = info["cost"]
        observations, masks = [np.ravel(observation)], [info["action_mask"]]
        actions: list[int] = []
        rewards: list[float] = []
        explored: list[bool] = []
        shown = list(self._teacher(instance) or ()) if self._teacher and policy is None else []
        ended = False
        while not ended:
            followed = actions == shown[: len(actions)] and len(actions) < len(shown)
            best = shown[len(actions)] if followed else None
            best = best if policy is None else policy.act(observations[-1], masks[-1])
            action = best
            if best is None or self._random.random() < self._epsilon:
                action = self._random.choice(np.flatnonzero(masks[-1]).tolist())
            assert action is not None
            observation, reward, terminated, truncated, info = self.env.step(action)
            ended = terminated or truncated
            observations.append(np.ravel(observation))
            masks.append(info["action_mask"])
            actions.append(action)
            rewards.append(float(reward))
            explored.append(action != best)
        episode = Trajectory(
            np.stack(observations).astype(np.float32),
            np.stack(masks).astype(np.int8),
            np.array(actions),
            np.array(rewards, np.float32),
            np.array(explored),
            instance=instance,
        )
        return episode, Report(instance, version, float("nan") if info["error"] else start / info["cost"])
