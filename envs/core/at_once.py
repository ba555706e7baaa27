"""Deciding on a whole set in one step, for problems whose decisions are unordered."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.env import CompilerEnv


class AtOnce(gym.Wrapper[Any, NDArray[np.int8], Any, np.int64]):
    """Episodes of one step whose action is a set: MultiBinary ``(n_actions - 1,)``, a bit per candidate.

    The candidates are taken one after another and then the episode is stopped; the reward is the sum of theirs, so an
    illegal candidate costs the environment's penalty and changes nothing. ``info["action_mask"]`` says which bits may
    be set. Raises TypeError unless the problem's decisions are unordered with stopping as the last action.
    """

    def __init__(self, env: gym.Env[Any, np.int64]) -> None:
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, CompilerEnv) or not base.problem.unordered:
            raise TypeError(f"the decisions of {base} are not a set")
        self.candidates = base.problem.n_actions - 1
        self.action_space = gym.spaces.MultiBinary(self.candidates)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        return observation, self._bits(info)

    def step(self, action: NDArray[np.int8]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if not self.action_space.contains(np.asarray(action, np.int8)):
            raise ValueError(f"an action is {self.candidates} zeros and ones, got {action!r}")
        total, reasons = 0.0, []
        for number in (*np.flatnonzero(action), self.candidates):
            observation, reward, terminated, truncated, info = self.env.step(np.int64(number))
            total += float(reward)
            reasons += [info["illegal"]] if info["illegal"] else []
            if truncated or info["error"]:
                break
        info["illegal"] = "; ".join(reasons)
        return observation, total, terminated, truncated, self._bits(info)

    def action_masks(self) -> NDArray[np.int8]:
        """1 where a bit may be set, int8 ``(n_actions - 1,)``."""
        mask: NDArray[np.int8] = self.unwrapped.action_masks()[:-1]  # type: ignore[attr-defined]
        return mask

    def _bits(self, info: dict[str, Any]) -> dict[str, Any]:
        return {**info, "action_mask": self.action_masks()}
