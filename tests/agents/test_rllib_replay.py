"""Replay: n-step returns, priorities, and rows that stay consistent while the ring turns."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ray")

from gymcc.agents.config import DQN
from gymcc.agents.rllib.replay import Replay, SumTree
from gymcc.agents.rllib.trajectory import Trajectory


def episode(number: int, steps: int, explored: tuple[int, ...] = ()) -> Trajectory:
    """Observation t of episode e is (e, t); the reward of step t is 10**t."""
    observations = np.array([(number, t) for t in range(steps + 1)], np.float32)
    rewards = np.array([10.0**t for t in range(steps)], np.float32)
    return Trajectory(
        observations, np.ones((steps + 1, 3), np.int8), np.arange(steps), rewards, np.isin(np.arange(steps), explored)
    )


def replay(**settings: object) -> Replay:
    return Replay(DQN.model_validate({"name": "dqn", "buffer_size": 32, **settings}), 2, 3, seed=0)


def test_returns_end_with_the_episode() -> None:
    buffer = replay(n_step=3, gamma=0.5)
    buffer.add(episode(7, 4))
    drawn = buffer.sample(400)
    assert set(drawn.actions.tolist()) == {0, 1, 2, 3}
    wanted = {
        0: (1 + 5 + 25, 3, 3, False),
        1: (10 + 50 + 250, 4, 3, True),
        2: (100 + 500, 4, 2, True),
        3: (1000, 4, 1, True),
    }
    for at in range(len(drawn.rows)):
        found = drawn.rewards[at], drawn.next_observations[at, 1], drawn.lengths[at], drawn.terminated[at]
        assert found == wanted[int(drawn.actions[at])]
        assert drawn.observations[at].tolist() == [7, drawn.actions[at]]


def test_returns_stop_before_a_later_exploration() -> None:
    buffer = replay(n_step=3, gamma=1.0)
    buffer.add(episode(0, 5, explored=(0, 2)))
    drawn = buffer.sample(400)
    wanted = {0: (11, 2), 1: (10, 1), 2: (11100, 3), 3: (11000, 2), 4: (10000, 1)}
    found = {int(a): (r, n) for a, r, n in zip(drawn.actions, drawn.rewards, drawn.lengths, strict=True)}
    assert found == wanted
    assert (drawn.next_observations[:, 1] == drawn.actions + drawn.lengths).all()
    assert (drawn.terminated == (drawn.actions + drawn.lengths == 5)).all()


def test_overwritten_episodes_are_never_mixed() -> None:
    buffer, random = replay(n_step=2), np.random.default_rng(1)
    for number in range(200):
        buffer.add(episode(number, int(random.integers(1, 9))))
        drawn = buffer.sample(64)
        assert (drawn.observations[:, 0] == drawn.next_observations[:, 0]).all()
        assert (drawn.next_observations[:, 1] - drawn.observations[:, 1] == drawn.lengths).all()
        assert buffer.steps == (buffer.tree.sums[buffer.tree.leaves :] > 0).sum()


def test_large_errors_are_drawn_more_often_and_weighted_down() -> None:
    buffer = replay(n_step=1, alpha=1.0, beta=1.0)
    buffer.add(episode(0, 4))
    buffer.update(np.arange(4), np.array([0.1, 0.1, 0.1, 0.7], np.float32))
    drawn = buffer.sample(10_000)
    share = (drawn.actions == 3).mean()
    assert share == pytest.approx(0.7, abs=0.01)
    rare = drawn.weights[drawn.actions == 0][0]
    assert rare == 1
    assert drawn.weights[drawn.actions == 3][0] == pytest.approx(1 / 7, rel=0.02)


def test_without_prioritisation_draws_are_uniform() -> None:
    buffer = replay(n_step=1, prioritised=False)
    buffer.add(episode(0, 4))
    buffer.update(np.arange(4), np.array([0.1, 0.1, 0.1, 0.7], np.float32))
    drawn = buffer.sample(10_000)
    assert np.bincount(drawn.actions) == pytest.approx(2500, rel=0.01)
    assert (drawn.weights == 1).all()


@pytest.mark.parametrize("rows", [1, 2, 5, 64, 100])
def test_sum_tree_finds_each_row_in_proportion(rows: int) -> None:
    tree, random = SumTree(rows), np.random.default_rng(rows)
    priorities = random.integers(0, 5, rows).astype(float)
    priorities[-1] = 2.0
    tree.set(np.arange(rows), priorities)
    positions = np.arange(tree.total) + 0.5
    assert tree.total == priorities.sum()
    assert np.bincount(tree.find(positions), minlength=rows).tolist() == priorities.tolist()
