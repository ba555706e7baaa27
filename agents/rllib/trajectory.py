"""Episodes as columns: what runners send and learners concatenate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Opinion(NamedTuple):
    """What a stochastic policy made of each state that it acted in."""

    logits: NDArray[np.float32]  # (T, A), of illegal actions very low
    logp: NDArray[np.float32]  # (T,) of the action taken
    values: NDArray[np.float32]  # (T,)


class Trajectory(NamedTuple):
    """One complete episode of T steps."""

    observations: NDArray[np.float32]  # (T + 1, D)
    masks: NDArray[np.int8]  # (T + 1, A)
    actions: NDArray[np.int64]  # (T,)
    rewards: NDArray[np.float32]  # (T,)
    explored: NDArray[np.bool_]  # (T,) the action was not the greedy one
    opinion: Opinion | None = None  # of PPO and its like
    instance: str = ""
    number: int = 0  # of all episodes of its runner; with runner and seed it decides every draw
    seconds: float = 0.0  # spent in the environment
