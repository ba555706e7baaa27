"""Forking through Gymnasium's wrappers, and the mask inside the observation."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import FrameStackObservation, NormalizeObservation, RecordEpisodeStatistics, TimeLimit

from gymcc.envs.core.wrappers import DictMask, fork
from tests.core.bag import INSTANCES
from tests.core.broken import make_env


def test_dict_mask() -> None:
    env = DictMask(make_env())
    observation, _ = env.reset(seed=0, options={"instance": INSTANCES[0]})
    assert env.observation_space.contains(observation)
    assert list(observation) == ["observations", "action_mask"]
    assert observation["action_mask"].dtype == np.int8
    assert env.step(2)[0]["action_mask"].tolist() == [1, 1, 0, 1, 1, 1]


def test_fork_keeps_the_wrappers_counts_apart() -> None:
    env = RecordEpisodeStatistics(TimeLimit(make_env(), 3))
    env.reset(seed=0, options={"instance": INSTANCES[0]})
    env.step(4)
    twin = fork(env)
    assert [env.step(action)[3] for action in (0, 1)] == [False, True]
    assert len(env.return_queue) == 1
    assert len(twin.return_queue) == 0
    _, _, _, truncated, info = twin.step(5)
    assert not truncated
    assert info["episode"]["l"] == 2


def test_fork_keeps_running_statistics_and_stacks_apart() -> None:
    env = FrameStackObservation(NormalizeObservation(make_env()), 2)
    env.reset(seed=0, options={"instance": INSTANCES[0]})
    twin, witness = fork(env), fork(env)
    for action in (0, 1, 2):
        env.step(action)
    np.testing.assert_array_equal(twin.step(4)[0], witness.step(4)[0])


def test_fork_of_something_else() -> None:
    with pytest.raises(TypeError, match="cannot fork CartPoleEnv"):
        fork(gym.make("CartPole-v1"))
