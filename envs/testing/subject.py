"""The environment under test, and how hard to try."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import Problem


@dataclass(frozen=True, slots=True)
class Live:
    """The measured counterpart of a deterministic environment, over the same states, and what is promised."""

    env_id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rank_correlation: float = 0.6  # Spearman's, between the two costs of states of widely different cost


@dataclass(frozen=True, slots=True)
class Subject:
    """How to make the environment a law is tried on."""

    env_id: str  # as for gymnasium.make, "module:id" included
    options: Mapping[str, Any]
    instances: tuple[str, ...]  # those that laws start from
    max_examples: int  # per law
    live: Live | None = None

    def make(self) -> gym.Env[Any, Any]:
        """A new environment in the wrappers of ``gymnasium.make``, less the checker, whose part the laws take."""
        return gym.make(self.env_id, disable_env_checker=True, **self.options)

    def bare(self) -> CompilerEnv[Hashable]:
        """A new environment without wrappers; raises TypeError if it is not GymCC's adapter."""
        return bare(self.make())

    def spec(self) -> EnvSpec:
        """The registered row with the subject's options filled in."""
        spec = self.make().spec
        assert spec is not None, "gymnasium.make sets it"
        return spec

    def problem(self) -> Problem[Hashable]:
        """A new problem with an empty memo."""
        return self.bare().problem


def bare(env: gym.Env[Any, Any]) -> CompilerEnv[Hashable]:
    """The adapter inside an environment; raises TypeError if there is none."""
    inner = env.unwrapped
    if not isinstance(inner, CompilerEnv):
        raise TypeError(f"{type(inner).__name__} is not a gymcc.envs.core.env.CompilerEnv")
    return inner
