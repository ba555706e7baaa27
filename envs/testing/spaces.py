"""Law 1: observations."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.values import canonical, misfit, spoil
from gymcc.envs.testing.walks import Walk, explore, located, pick, walks


def observations_stay_in_their_space(subject: Subject) -> None:
    """Every named observation is in its space, finite and of its dtype after any actions, illegal ones included.

    Values are fresh: neither does spoiling one change the next, nor does the next step change one kept.
    """
    env = subject.bare()

    def body(walk: Walk) -> None:
        taken: list[int] = []
        located(lambda: _walk(env, walk, taken), lambda: f"instance {walk.instance}, actions {taken}")

    explore(subject, walks(subject), body)


def _walk(env: CompilerEnv[Any], walk: Walk, taken: list[int]) -> None:
    observation, _ = env.reset(seed=0, options={"instance": walk.instance})
    kept = [(observation, deepcopy(observation))]
    _judge(env, observation)
    for choice in walk.choices:
        taken.append(pick(choice, env.action_masks()))
        observation, _, terminated, truncated, _ = env.step(taken[-1])
        kept.append((observation, deepcopy(observation)))
        _judge(env, observation)
        if terminated or truncated:
            break
    for number, (now, then) in enumerate(kept):
        if canonical(now) != canonical(then):
            raise Broken(f"the observation of step {number} was changed by a later step")


def _judge(env: CompilerEnv[Any], observation: Any) -> None:
    if reason := misfit(env.observation_space, observation):
        raise Broken(f"the observation: {reason}")
    for name, one in env.observations.items():
        value = env.observe(name)
        if reason := misfit(one.space, value):
            raise Broken(f"observation {name!r}: {reason}")
        before = canonical(value)
        spoil(value)
        if canonical(env.observe(name)) != before:
            raise Broken(f"observation {name!r} is not fresh: changing one in place changes the next")
