"""The environment as RLlib's runners see it."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import gymnasium as gym
import numpy as np

import gymcc  # noqa: F401 (a runner process starts with an empty registry)
from gymcc.agents.config import Experiment
from gymcc.agents.rllib.cores import pin
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import BackendError

NAME = "gymcc"  # in RLlib's registry
DRAWS = 20  # instances that may fail in a row before the back end is blamed


class FlatMasked(gym.Wrapper[Any, Any, Any, Any]):
    """Observations as ``{"observations": float32 (D,), "action_mask": int8 (A,)}``, over the bare environment.

    The step limit is reported as termination: steps left are observed, so the limit belongs to the decision process. A
    truncation would make the learner bootstrap from a state in which nothing can be done any more.
    Where the back end fails on the instance drawn, as a live compiler may at any time, another one is begun with.
    """

    def __init__(self, env: CompilerEnv[Any]) -> None:
        super().__init__(env)
        flat = gym.spaces.flatten_space(env.observation_space)
        mask = gym.spaces.Box(0, 1, (env.problem.n_actions,), np.int8)
        self.observation_space = gym.spaces.Dict({"observations": flat, "action_mask": mask})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        for _ in range(DRAWS - 1):
            try:
                return self._masked(*self.env.reset(seed=seed, options=options))
            except BackendError:
                seed = None  # draw on
        return self._masked(*self.env.reset(seed=seed, options=options))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        observation, info = self._masked(observation, info)
        return observation, reward, terminated or truncated, False, info

    @staticmethod
    def _masked(observation: Any, info: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"observations": observation.reshape(-1), "action_mask": info["action_mask"]}, info


def make(context: dict[str, Any]) -> gym.Env[Any, Any]:
    """One environment of a runner. ``context``: id, options, pin; RLlib adds ``worker_index``.

    All environments of a process are forks of one, so that they share its memo of costs. With ``pin`` the process of
    a remote runner is bound to a core of its own, so that measurements do not disturb each other.
    """
    worker = getattr(context, "worker_index", 0)
    if context["pin"] and worker > 0:
        pin(worker)
    return FlatMasked(_prototype(context["id"], json.dumps(context["options"])).fork())


@lru_cache(maxsize=4)
def _prototype(env_id: str, options: str) -> CompilerEnv[Any]:
    return plain(env_id, json.loads(options))


def plain(env_id: str, options: dict[str, Any]) -> CompilerEnv[Any]:
    """The bare environment behind an id."""
    env = gym.make(env_id, **options).unwrapped
    assert isinstance(env, CompilerEnv)
    return env


def training_options(experiment: Experiment) -> dict[str, Any]:
    """Options of the environment that is trained on."""
    return {**experiment.env.options, "split": experiment.env.split}


def validation_options(experiment: Experiment) -> dict[str, Any]:
    """Options of the environment that the policy is validated on."""
    return {**experiment.env.options, **experiment.validation.options, "split": experiment.validation.split}


def instance_facts(env: CompilerEnv[Any], split: str) -> dict[str, Any]:
    """Which instances an environment draws from: dataset (if they are a split of one), split, count and checksum."""
    names = [name for name, data in env.problem.datasets.items() if data.split(split) == env.instances]
    checksum = blake2b("\n".join(env.instances).encode(), digest_size=16).hexdigest()
    return {"dataset": names[0] if names else None, "split": split, "count": len(env.instances), "checksum": checksum}
