"""Prioritised replay of whole episodes as columns, sampled in one vectorised call.

RLlib's own episode buffer makes one Python object per replayed transition, 0.8 ms each; this one takes microseconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.config import DQN
from gymcc.agents.rllib.trajectory import Trajectory


class Sample(NamedTuple):
    """Transitions drawn from the buffer, ``rows`` to give their TD errors back under."""

    rows: NDArray[np.int64]  # (B,)
    observations: NDArray[np.float32]  # (B, D)
    masks: NDArray[np.int8]  # (B, A)
    actions: NDArray[np.int64]  # (B,)
    rewards: NDArray[np.float32]  # (B,) discounted sum over ``lengths`` steps
    next_observations: NDArray[np.float32]  # (B, D)
    next_masks: NDArray[np.int8]  # (B, A)
    terminated: NDArray[np.bool_]  # (B,)
    lengths: NDArray[np.int64]  # (B,) steps between the two observations, at most n_step
    weights: NDArray[np.float32]  # (B,) importance weights, largest 1


class SumTree:
    """Priorities of rows with their partial sums, for drawing rows in proportion to them (Schaul et al. 2016)."""

    def __init__(self, rows: int) -> None:
        self.leaves = 1 << (rows - 1).bit_length()
        self.sums = np.zeros(2 * self.leaves)  # node i has children 2i and 2i + 1; the root is node 1

    def set(self, rows: NDArray[np.int64], priorities: NDArray[np.float64] | float) -> None:
        """Replace priorities."""
        nodes = rows + self.leaves
        self.sums[nodes] = priorities
        while nodes[0] > 1:
            nodes = np.unique(nodes >> 1)
            self.sums[nodes] = self.sums[2 * nodes] + self.sums[2 * nodes + 1]

    def find(self, positions: NDArray[np.float64]) -> NDArray[np.int64]:
        """The row at each position in [0, total)."""
        nodes = np.ones(len(positions), np.int64)
        while nodes[0] < self.leaves:
            nodes *= 2
            left = self.sums[nodes]
            right = positions >= left
            positions = np.where(right, positions - left, positions)
            nodes += right
        return nodes - self.leaves

    @property
    def total(self) -> float:
        """Sum of all priorities."""
        return float(self.sums[1])


class Replay:
    """A ring of ``capacity`` rows, one per observation; a last observation's row has priority 0 and is never drawn."""

    def __init__(self, config: DQN, observation_size: int, n_actions: int, seed: int) -> None:
        self.config = config
        capacity = config.buffer_size
        self.observations = np.zeros((capacity, observation_size), np.float32)
        self.masks = np.zeros((capacity, n_actions), np.int8)
        self.actions = np.zeros(capacity, np.int64)
        self.rewards = np.zeros(capacity, np.float32)
        self.lengths = np.zeros(capacity, np.int64)
        self.terminated = np.zeros(capacity, np.bool_)
        self.tree = SumTree(capacity)
        self.largest = 1.0
        self.steps = 0  # drawable rows
        self._at = 0
        self._random = np.random.default_rng(seed)

    def add(self, episode: Trajectory) -> None:
        """Store an episode over the oldest rows. Its rows are contiguous, so that a row's successors outlive it."""
        steps = len(episode.actions)
        if self._at + steps + 1 > len(self.actions):
            self._at = 0
        rows = np.arange(self._at, self._at + steps + 1)
        self._at += steps + 1
        self.steps -= int((self.tree.sums[rows + self.tree.leaves] > 0).sum())
        self.observations[rows], self.masks[rows] = episode.observations, episode.masks
        acted = rows[:-1]
        self.actions[acted] = episode.actions
        self.rewards[acted], self.lengths[acted] = self._returns(episode)
        self.terminated[acted] = np.arange(steps) + self.lengths[acted] == steps
        self.tree.set(rows, np.append(np.full(steps, self.largest), 0.0))
        self.steps += steps

    def _returns(self, episode: Trajectory) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Discounted sums of the next ``n_step`` rewards, and how many each.

        A sum stops at the end of the episode, and before a later action that was not greedy (Watkins 1989): its
        outcome says nothing about what the greedy policy would have got.
        """
        steps = len(episode.rewards)
        sums, lengths = episode.rewards.copy(), np.ones(steps, np.int64)
        goes_on = np.ones(steps, np.bool_)
        for ahead in range(1, min(self.config.n_step, steps)):
            goes_on = goes_on[:-1] & ~episode.explored[ahead:]
            sums[:-ahead] += goes_on * self.config.gamma**ahead * episode.rewards[ahead:]
            lengths[:-ahead] += goes_on
        return sums, lengths

    def sample(self, count: int) -> Sample:
        """Draw transitions in proportion to their priorities, one from each of ``count`` equal strata."""
        positions = (np.arange(count) + self._random.random(count)) * (self.tree.total / count)
        rows = self.tree.find(np.minimum(positions, self.tree.total * (1 - 1e-12)))
        weights = self.tree.sums[rows + self.tree.leaves] ** -self.config.beta
        ahead = rows + self.lengths[rows]
        return Sample(
            rows,
            self.observations[rows],
            self.masks[rows],
            self.actions[rows],
            self.rewards[rows],
            self.observations[ahead],
            self.masks[ahead],
            self.terminated[rows],
            self.lengths[rows],
            (weights / weights.max()).astype(np.float32),
        )

    def update(self, rows: NDArray[np.int64], errors: NDArray[np.float32]) -> None:
        """Set priorities to ``|TD error| ** alpha``; nothing to do without prioritisation."""
        if not self.config.prioritised:
            return
        priorities = (np.abs(errors).astype(np.float64) + 1e-3) ** self.config.alpha
        rows, first = np.unique(rows, return_index=True)
        self.tree.set(rows, priorities[first])
        self.largest = max(self.largest, float(priorities.max()))
