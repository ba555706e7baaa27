"""LoopTune's own tensors (arXiv 2309.01825; loop_tool's `LoopTreeAgent`), with their shape errors mended.

The original also lists the loop that writes C back after the reduction; here C is accumulated in place, so the nest
is the computation alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log2

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.episode import Episode
from gymcc.envs.looptune.actions import MAX_LOOPS
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import LoopState, Nest

BUCKETS = 16
HISTORY = 5


@lru_cache(maxsize=4096)
def stride_counts(nest: Nest) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Per loop the ``(bucket, frequency)`` of each input operand that moves with it.

    bucket = ceil(log2(elements moved by one iteration)), dropped from 2^15 + 1 on; frequency = executions of the
    loop's body, tails aside.
    """
    executions = 1
    result = []
    for index, loop in enumerate(nest.loops):
        executions *= nest.trips(index)[0]
        strides = [operand[loop.dim] * loop.step for operand in nest.contraction.strides[1:]]
        buckets = [ceil(log2(stride)) for stride in strides if stride > 0]
        result.append(tuple((bucket, executions) for bucket in buckets if bucket < BUCKETS))
    return tuple(result)


class LoopsTensor:
    """float32 ``(10, 20)``, one row per loop from the outermost, zero-padded.

    Columns: 0 cursor here; 1 size; 2 tail (elements); 3 loop of the computation (always 1); 4-19 share of accesses by
    stride bucket 2^0 .. 2^15 (see :func:`stride_counts`).
    """

    def __init__(self) -> None:
        high = np.ones((MAX_LOOPS, 4 + BUCKETS), np.float32)
        high[:, 1:3] = 1e6
        self.space = gym.spaces.Box(np.zeros_like(high), high)

    def __call__(self, episode: Episode[LoopState]) -> NDArray[np.float32]:
        state = episode.state
        table = np.zeros((MAX_LOOPS, 4 + BUCKETS), np.float32)
        for index, counts in enumerate(stride_counts(state.nest)):
            table[index, 1:3] = state.nest.trips(index)
            table[index, 3] = 1
            for bucket, _ in counts:
                table[index, 4 + bucket] += 1 / len(counts)
        table[state.cursor, 0] = 1
        return table


class StrideTensor:
    """float32 ``(32,)``: log2(1 + accesses) by stride bucket 2^0 .. 2^15 over all loops; the upper half stays 0.

    The original declares 32 buckets and fills 16 with raw counts, which overflow; hence the logarithm.
    """

    space = gym.spaces.Box(0.0, 64.0, (2 * BUCKETS,), np.float32)

    def __call__(self, episode: Episode[LoopState]) -> NDArray[np.float32]:
        counts = np.zeros(2 * BUCKETS)
        for loop in stride_counts(episode.state.nest):
            for bucket, frequency in loop:
                counts[bucket] += frequency
        return np.log2(1 + counts).astype(np.float32)


class PreviousActions:
    """float32 ``(5 * n_actions,)``: the last five applied actions, most recent first, each one-hot; zero-padded."""

    def __init__(self, problem: LoopTune) -> None:
        self.n_actions = problem.n_actions
        self.space = gym.spaces.Box(0.0, 1.0, (HISTORY * self.n_actions,), np.float32)

    def __call__(self, episode: Episode[LoopState]) -> NDArray[np.float32]:
        vector = np.zeros(HISTORY * self.n_actions, np.float32)
        for age, action in enumerate(reversed(episode.actions[-HISTORY:])):
            vector[age * self.n_actions + action] = 1
        return vector
