"""Law 4: copies go their own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
from gymnasium.wrappers import RecordEpisodeStatistics, TimeLimit
from hypothesis import strategies as st

from gymcc.envs.core.wrappers import DictMask, fork
from gymcc.envs.testing.episodes import Outcome, go_on, reset, step
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject, bare
from gymcc.envs.testing.walks import Walk, choices, explore, walks


def forks_are_independent(subject: Subject) -> None:
    """After a fork both copies go on as if the other did not exist, through wrappers and in their random streams."""

    def body(case: tuple[Walk, tuple[int, ...], tuple[int, ...]]) -> None:
        walk, left, right = case
        env, *references = (_begun(subject, walk) for _ in range(3))
        twin = fork(env)
        ours, theirs = _interleaved(env, twin, left, right)
        if ours != go_on(references[0], left):
            raise Broken("a fork's steps changed the episode of the original", _shown(case))
        if theirs != go_on(references[1], right):
            raise Broken("a fork goes on otherwise than the original would have", _shown(case))
        _same_draws(env, twin, references[0])

    explore(subject, st.tuples(walks(subject), choices(subject), choices(subject)), body)


def _begun(subject: Subject, walk: Walk) -> gym.Env[Any, Any]:
    """A wrapped environment in the middle of an episode."""
    env = subject.make()
    env = DictMask(RecordEpisodeStatistics(TimeLimit(env, bare(env).max_steps + 1)))
    env.action_space.seed(1)
    reset(env, walk.instance, seed=1)
    outcomes = go_on(env, walk.choices[: bare(env).max_steps // 2])
    if outcomes and outcomes[-1].ended:
        reset(env, walk.instance)
    return env


def _interleaved(
    env: gym.Env[Any, Any], twin: gym.Env[Any, Any], left: Sequence[int], right: Sequence[int]
) -> tuple[list[Outcome], list[Outcome]]:
    ours: list[Outcome] = []
    theirs: list[Outcome] = []
    for at in range(max(len(left), len(right))):
        for one, outcomes, wanted in ((env, ours, left), (twin, theirs, right)):
            if at < len(wanted) and not (outcomes and outcomes[-1].ended):
                outcomes.append(step(one, wanted[at]))
    return ours, theirs


def _same_draws(env: gym.Env[Any, Any], twin: gym.Env[Any, Any], reference: gym.Env[Any, Any]) -> None:
    draws = [[float(one.unwrapped.np_random.random()) for _ in range(3)] for one in (env, twin, reference)]
    if draws[0] != draws[2] or draws[1] != draws[2]:
        raise Broken("a fork and the original share one random generator")
    samples = [[int(one.action_space.sample()) for _ in range(8)] for one in (env, twin, reference)]
    if samples[0] != samples[2] or samples[1] != samples[2]:
        raise Broken("a fork and the original share the random generator of their action space")


def _shown(case: tuple[Walk, tuple[int, ...], tuple[int, ...]]) -> str:
    walk, left, right = case
    return f"instance {walk.instance}, choices {walk.choices}, then {left} here and {right} in the fork"
