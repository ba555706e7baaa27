"""Whole episodes as the batches of steps that RLlib's policy-gradient learners expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch

from gymcc.agents.rllib.trajectory import Opinion, Trajectory

Floats = NDArray[np.float32]


def advantages(rewards: Floats, values: Floats, gamma: float, lam: float) -> Floats:
    """Generalised advantage estimates of a complete episode's steps (Schulman et al. 2016); nothing follows its end."""
    estimates = np.zeros_like(rewards)
    estimate = following = 0.0
    for at in range(len(rewards) - 1, -1, -1):
        estimate = rewards[at] + gamma * following - values[at] + gamma * lam * estimate
        estimates[at], following = estimate, values[at]
    return estimates


def with_advantages(episodes: Sequence[Trajectory], gamma: float, lam: float) -> MultiAgentBatch:
    """For PPO: advantages, standardised over the batch, and what values should have been."""
    columns = _columns(episodes)
    found = [advantages(each.rewards, _opinion(each).values, gamma, lam) for each in episodes]
    estimates = np.concatenate(found)
    targets = estimates + columns[Columns.VF_PREDS]
    columns[Columns.ADVANTAGES] = (estimates - estimates.mean()) / max(1e-4, float(estimates.std()))
    columns[Columns.VALUE_TARGETS] = targets
    return _batch(columns)


def in_rows(episodes: Sequence[Trajectory], length: int) -> MultiAgentBatch:
    """For V-trace: the episodes end to end, filled up with masked steps to whole rows of ``length`` steps.

    A row goes on in the next one's first state, which is where RLlib's losses look for the value to go on with; that
    an episode ended within a row, they see from ``terminateds``.
    """
    columns = _columns(episodes)
    steps = len(columns[Columns.ACTIONS])
    ends = np.cumsum([len(each.actions) for each in episodes]) - 1
    columns[Columns.TERMINATEDS] = np.isin(np.arange(steps), ends)
    columns[Columns.LOSS_MASK] = np.ones(steps, np.bool_)
    filled = {name: _filled(column, -steps % length) for name, column in columns.items()}
    filled[Columns.LOSS_MASK][steps:] = False
    return _batch(filled)


def _filled(column: NDArray[Any], steps: int) -> NDArray[Any]:
    """With the last entry repeated so often."""
    return np.concatenate([column, np.repeat(column[-1:], steps, axis=0)])


def _columns(episodes: Sequence[Trajectory]) -> dict[str, NDArray[Any]]:
    opinions = [_opinion(each) for each in episodes]
    return {
        "observations": np.concatenate([each.observations[:-1] for each in episodes]),
        "action_mask": np.concatenate([each.masks[:-1] for each in episodes]),
        Columns.ACTIONS: np.concatenate([each.actions for each in episodes]),
        Columns.REWARDS: np.concatenate([each.rewards for each in episodes]),
        Columns.ACTION_DIST_INPUTS: np.concatenate([each.logits for each in opinions]),
        Columns.ACTION_LOGP: np.concatenate([each.logp for each in opinions]),
        Columns.VF_PREDS: np.concatenate([each.values for each in opinions]),
    }


def _opinion(episode: Trajectory) -> Opinion:
    assert episode.opinion is not None, "played by DQN's runner"
    return episode.opinion


def _batch(columns: dict[str, NDArray[Any]]) -> MultiAgentBatch:
    tensors = {name: torch.from_numpy(column) for name, column in columns.items()}
    observation = {name: tensors.pop(name) for name in ("observations", "action_mask")}
    steps = len(tensors[Columns.ACTIONS])
    return MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch({Columns.OBS: observation, **tensors})}, env_steps=steps)
