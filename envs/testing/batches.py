"""Law 10: environments in a batch are environments."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import iterate
from hypothesis import strategies as st

from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject, bare
from gymcc.envs.testing.values import canonical
from gymcc.envs.testing.walks import Walk, explore, walks

BATCH = 3


def batched_is_looped(subject: Subject) -> None:
    """A vector of environments, and the id's own vectorised form if it has one, gives what single ones give."""
    modes = ["sync"] + ["vector_entry_point"] * (subject.spec().vector_entry_point is not None)
    singles = [subject.make() for _ in range(BATCH)]
    for mode in modes:
        batch = gym.make_vec(subject.env_id, BATCH, vectorization_mode=mode, **subject.options)
        steps = st.lists(st.tuples(*[st.integers(0, int(batch.single_action_space.n) - 1)] * BATCH), max_size=12)  # type: ignore[attr-defined]
        _compare(subject, mode, batch, singles, st.tuples(walks(subject), steps))
        batch.close()


def _compare(subject: Subject, mode: str, batch: Any, singles: list[Any], strategy: st.SearchStrategy[Any]) -> None:
    exact = bare(singles[0]).problem.deterministic

    def body(case: tuple[Walk, list[tuple[int, ...]]]) -> None:
        walk, steps = case
        options = {"instance": walk.instance}
        observations, info = batch.reset(seed=5, options=options)
        looped = [env.reset(seed=5 + number, options=options) for number, env in enumerate(singles)]
        _same(mode, batch, observations, info, [one[0] for one in looped], [one[1] for one in looped])
        for actions in steps:
            observations, rewards, terminated, truncated, info = batch.step(np.array(actions))
            outcomes = [env.step(action) for env, action in zip(singles, actions, strict=True)]
            _same(mode, batch, observations, info, [one[0] for one in outcomes], [one[4] for one in outcomes])
            flags = [(one[2], one[3]) for one in outcomes]
            if list(zip(terminated.tolist(), truncated.tolist(), strict=True)) != flags:
                raise Broken(f"{mode}: flags {terminated.tolist()}, {truncated.tolist()} in the batch, {flags} alone")
            if exact and rewards.tolist() != [one[1] for one in outcomes]:
                raise Broken(f"{mode}: rewards {rewards.tolist()} in the batch, {[one[1] for one in outcomes]} alone")
            if np.any(terminated | truncated):
                break

    explore(subject, strategy, body)


def _same(mode: str, batch: Any, observations: Any, info: dict[str, Any], alone: list[Any], infos: list[Any]) -> None:
    together = list(iterate(batch.observation_space, observations))
    for number, (one, other) in enumerate(zip(together, alone, strict=True)):
        if canonical(one) != canonical(other):
            raise Broken(f"{mode}: the observation of environment {number} differs in the batch")
        if info["action_mask"][number].tolist() != infos[number]["action_mask"].tolist():
            raise Broken(f"{mode}: the mask of environment {number} differs in the batch")
        if info["instance"][number] != infos[number]["instance"]:
            raise Broken(f"{mode}: the instance of environment {number} differs in the batch")
