"""Law 6: rewards add up to what they say."""

from __future__ import annotations

from math import isnan
from typing import Any

from hypothesis import assume

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.reward import REWARDS, Costs
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.walks import Walk, explore, located, pick, walks

RELATIVE = 1e-9


def rewards_telescope(subject: Subject) -> None:
    """The rewards of an episode, penalties of illegal actions aside, sum to the objective that the reward declares.

    Tried with the environment's own reward and with every named one that telescopes; one that needs a bound or the
    heuristic's cost only where there is one.
    """
    env = subject.bare()
    steps, rewards = env.max_steps, {"the environment's own reward": env.reward, **REWARDS}
    aimless = not _has_heuristic(subject)

    def body(walk: Walk) -> None:
        env.max_steps = min(steps, max(1, len(walk.choices)))
        unbounded = isnan(env.problem.bound(walk.instance))
        for name, reward in rewards.items():
            lacking = (unbounded and reward.needs_bound()) or (aimless and reward.needs_heuristic())
            if reward.telescopes and not lacking:
                env.reward = reward
                _tried(env, walk, name)

    explore(subject, walks(subject), body)


def _has_heuristic(subject: Subject) -> bool:
    try:
        subject.problem().heuristic(subject.instances[0])
    except NotImplementedError:
        return False
    return True


def _tried(env: CompilerEnv[Any], walk: Walk, name: str) -> None:
    taken: list[int] = []
    located(lambda: _add_up(env, walk, taken), lambda: f"instance {walk.instance}, actions {taken}, reward {name}")


def _add_up(env: CompilerEnv[Any], walk: Walk, taken: list[int]) -> None:
    env.reset(seed=0, options={"instance": walk.instance})
    total = magnitude = 0.0
    done = False
    for choice in (*walk.choices, 0):
        taken.append(pick(choice, env.action_masks()))
        _, earned, terminated, truncated, info = env.step(taken[-1])
        assume(not info["error"])
        earned += env.illegal_penalty if info["illegal"] else 0.0
        total, magnitude = total + earned, magnitude + abs(earned)
        done = terminated or truncated
        if done:
            break
    if not done:
        raise Broken(f"no end after {len(taken)} steps where max_steps is {env.max_steps}")
    _judge(env, total, magnitude)


def _judge(env: CompilerEnv[Any], total: float, magnitude: float) -> None:
    final = env.problem.cost(env.state)
    objective = env.reward.objective(Costs(env.baseline_cost, env.bound, env.baseline_cost, final, env.heuristic_cost))
    if not abs(total - objective) <= RELATIVE * max(1.0, magnitude):
        raise Broken(f"rewards sum to {total!r}, the objective is {objective!r}")
