"""Running environments by the choices of a walk, and what may be compared of two runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from gymcc.envs.testing.subject import bare
from gymcc.envs.testing.values import canonical
from gymcc.envs.testing.walks import pick

PASSING = {"evals", "episode"}  # of info: evaluations depend on the memo, RecordEpisodeStatistics on the clock
COSTS = {"cost", "baseline_cost", "best_cost", "bound", "error"}  # of info: other in every measurement


@dataclass(frozen=True, slots=True)
class Outcome:
    """One reset or step: ``facts`` are equal for equal outcomes, noise of clock and measurement left out."""

    facts: Any
    ended: bool


def reset(env: gym.Env[Any, Any], instance: str | None = None, seed: int | None = None) -> Outcome:
    """Begin an episode."""
    observation, info = env.reset(seed=seed, options={"instance": instance} if instance else None)
    return Outcome(canonical((observation, _lasting(env, info))), False)


def step(env: gym.Env[Any, Any], choice: int) -> Outcome:
    """Take the action that a choice means now."""
    action = pick(choice, bare(env).action_masks())
    observation, reward, terminated, truncated, info = env.step(action)
    exact = reward if bare(env).problem.deterministic else None
    return Outcome(canonical((observation, exact, terminated, truncated, _lasting(env, info))), terminated or truncated)


def go_on(env: gym.Env[Any, Any], choices: Iterable[int]) -> list[Outcome]:
    """Outcomes from where the environment stands to the end of the episode or of the choices."""
    outcomes: list[Outcome] = []
    for choice in choices:
        outcomes.append(step(env, choice))
        if outcomes[-1].ended:
            break
    return outcomes


def _lasting(env: gym.Env[Any, Any], info: dict[str, Any]) -> dict[str, Any]:
    dropped = PASSING if bare(env).problem.deterministic else PASSING | COSTS
    return {key: value for key, value in info.items() if key not in dropped}
