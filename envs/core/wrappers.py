"""Wrappers, and copying an environment through them."""

from __future__ import annotations

from collections import deque
from copy import copy, deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers.utils import RunningMeanStd

from gymcc.envs.core.env import CompilerEnv

_COPIED = {list, dict, set, deque, np.ndarray, np.random.Generator, RunningMeanStd}


class DictMask(gym.ObservationWrapper[Any, Any, Any]):
    """Serve the mask inside the observation, as ``{"observations": …, "action_mask": int8 (n_actions,)}`` (RLlib)."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        actions = env.unwrapped.action_space.n  # type: ignore[attr-defined]
        mask = gym.spaces.Box(0, 1, (int(actions),), np.int8)
        self.observation_space = gym.spaces.Dict({"observations": env.observation_space, "action_mask": mask})

    def observation(self, observation: Any) -> dict[str, Any]:
        base = self.env.unwrapped
        assert isinstance(base, CompilerEnv)
        return {"observations": observation, "action_mask": base.action_masks()}


def fork(env: gym.Env[Any, Any]) -> Any:
    """An independent copy of an environment and all its wrappers, in constant time.

    A wrapper's own containers are copied one level deep and its generators deeply, which covers Gymnasium's own.
    """
    if isinstance(env, CompilerEnv):
        return env.fork()
    if not isinstance(env, gym.Wrapper):
        raise TypeError(f"cannot fork {type(env).__name__}: only a CompilerEnv and wrappers around one")
    clone = object.__new__(type(env))
    clone.__dict__ = own = env.__dict__.copy()
    for name, value in env.__dict__.items():
        if type(value) in _COPIED and name != "_saved_kwargs":  # what the wrapper was made with; never changed
            own[name] = deepcopy(value) if type(value) is np.random.Generator else copy(value)
    own["env"] = fork(env.env)
    return clone
