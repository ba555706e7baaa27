"""How runners choose actions from a network's scores: epsilon-greedily for Q values, by sampling for policies.

Every draw is from the episode's own generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.config import DQN
from gymcc.agents.rllib.networks import ILLEGAL
from gymcc.agents.rllib.player import Player
from gymcc.envs.core.problem import BackendError, Problem

Floats = NDArray[np.float32]


class Actor(Protocol):
    """A way to act. Of a batch of B players it is given masked scores (B, A) and values (B,)."""

    def begin(self, player: Player) -> None:
        """Decide what concerns the episode as a whole."""

    def act(self, players: Sequence[Player], scores: Floats, values: Floats, steps: int) -> NDArray[np.int64]:
        """Actions (B,), ``steps`` environment steps into the training."""


class EpsilonGreedy:
    """DQN's: random at times and over whole stretches of an episode, at first the heuristic's in some episodes."""

    def __init__(self, config: DQN) -> None:
        self.config = config

    def begin(self, player: Player) -> None:
        base = player.env.unwrapped
        if player.random.random() < self.config.epsilon.stretches:
            start = int(player.random.integers(base.max_steps))
            player.stretch = range(start, start + 1 + int(player.random.integers(base.max_steps - start)))
        if player.random.random() < self.config.demonstrations:
            decisions = _demonstrated(base.problem, player.instance)
            player.script = decisions[: int(player.random.integers(len(decisions), endpoint=True))]

    def act(self, players: Sequence[Player], scores: Floats, values: Floats, steps: int) -> NDArray[np.int64]:
        actions = scores.argmax(-1)
        epsilon = self.config.epsilon.at(steps)
        for at, player in enumerate(players):
            if player.random.random() < epsilon or player.in_stretch:
                actions[at] = player.random.choice(np.flatnonzero(player.masks[-1]))
        return actions


class Sampling:
    """Policies': an action drawn from the soft-max of the scores, which with the values are kept for the learner."""

    def begin(self, player: Player) -> None:
        pass

    def act(self, players: Sequence[Player], scores: Floats, values: Floats, steps: int) -> NDArray[np.int64]:
        noise = np.stack([player.random.gumbel(size=scores.shape[1]) for player in players])
        actions = np.asarray(np.where(scores > ILLEGAL / 2, scores + noise, ILLEGAL).argmax(-1))
        most = scores.max(-1, keepdims=True)
        logp = scores - most - np.log(np.exp(scores - most).sum(-1, keepdims=True))
        taken = np.take_along_axis(logp, actions[:, None], 1)[:, 0]
        for player, row, chance, value in zip(players, scores, taken, values, strict=True):
            player.opinions.append((row, chance, value))
        return actions


def actor(algorithm: Any) -> Actor:
    """The way to act of an algorithm's settings."""
    return EpsilonGreedy(algorithm) if isinstance(algorithm, DQN) else Sampling()


def _demonstrated(problem: Problem[Any], instance: str) -> Sequence[int]:
    """What the heuristic does; nothing where a live compiler fails to tell."""
    try:
        return problem.heuristic(instance)
    except BackendError:
        return ()
