"""The default observation: what an engineer would look at to decide the next transformation."""

from __future__ import annotations

from functools import lru_cache
from math import log2

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.episode import Episode
from gymcc.envs.looptune.actions import MAX_LOOPS
from gymcc.envs.looptune.backends.walk import Target, registers, vector_loop
from gymcc.envs.looptune.observations.original import HISTORY
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import LoopState, Nest

LOOP_ROW = (
    "present", "cursor here", "moves C", "moves A", "moves B", "reduction", "size", "has tail", "tail / step", "step",
    "C moves by", "A moves by", "B moves by", "registers needed", "fits registers", "vectorized",
    "whole vectors", "unrolled", "like loop outside", "like loop inside",
)  # fmt: skip
LOOP_FEATURES = len(LOOP_ROW)
SHAPE_ROW = (*["extents"] * 3, *["extents mod vector"] * 3, "lanes", "steps left", "number of loops")
SHAPE_FEATURES = len(SHAPE_ROW)
LIMIT = 8.0


class Schedule:
    """float32 ``(10 * 20 + 9 + 6 * n_actions,)`` in [-8, 8]: per-loop rows, the shape, and recent actions.

    Why not the original's tensor: that one cannot tell which loops belong to one dimension nor which is the reduction,
    leaves out C, feeds raw sizes to the network, and says nothing of registers, though whether the tile below a loop
    fits them decides most of the speed.

    Per loop, outermost first, zero-padded to 10 rows: 0 present; 1 cursor here; 2-4 C, A, B move with it (which names
    the dimension); 5 reduction; 6 log2 size; 7 has a tail; 8 tail over step; 9 log2 step; 10-12 log2 of the elements
    that C, A, B move by; 13 log2 of (registers that the block from here inward needs / registers there are); 14 it
    fits; 15 vectorized; 16 size is a multiple of the vector width; 17 unrolled; 18 same dimension as the loop outside;
    19 same as the loop inside. Then for the dimensions in default order log2 extent, and extent mod vector width over
    the width; lanes / 16; steps left and loops, as shares of their maxima; then the last five applied actions, most
    recent first, one-hot, and the legal actions. ``names``: what each number is, a row for each loop and one for the
    rest; numbers of one kind share their name.
    """

    def __init__(self, problem: LoopTune) -> None:
        self.problem = problem
        size = MAX_LOOPS * LOOP_FEATURES + SHAPE_FEATURES + (HISTORY + 1) * problem.n_actions
        self.space = gym.spaces.Box(-LIMIT, LIMIT, (size,), np.float32)
        recent = [f"action {age} ago" for age in range(1, HISTORY + 1) for _ in range(problem.n_actions)]
        self.names = (*[LOOP_ROW] * MAX_LOOPS, (*SHAPE_ROW, *recent, *["legal actions"] * problem.n_actions))

    def __call__(self, episode: Episode[LoopState]) -> NDArray[np.float32]:
        state, n_actions = episode.state, self.problem.n_actions
        vector = np.zeros(self.space.shape, np.float32)
        fixed = nest_features(state.nest, self.problem.backend.target)
        vector[: len(fixed)] = fixed
        vector[state.cursor * LOOP_FEATURES + 1] = 1
        at = len(fixed)
        vector[at : at + 2] = episode.steps_left / episode.max_steps, len(state.nest.loops) / MAX_LOOPS
        at += 2
        for action in reversed(episode.actions[-HISTORY:]):
            vector[at + action] = 1
            at += n_actions
        vector[-n_actions:] = self.problem.legal(state)
        return vector


@lru_cache(maxsize=50_000)
def nest_features(nest: Nest, target: Target) -> NDArray[np.float32]:
    """The part of :class:`Schedule` that depends on the nest alone, read-only."""
    rows = np.zeros((MAX_LOOPS, LOOP_FEATURES))
    vectorized = vector_loop(nest)
    block = list(nest.contraction.extents)
    for index, loop in enumerate(nest.loops):
        needed = registers(nest, target, tuple(block)) / target.accumulators
        rows[index] = _loop_row(nest, target, index, needed, index == vectorized)
        block[loop.dim] = loop.step
    extents = nest.contraction.extents
    shape = [log2(e) / 2 for e in extents] + [e % target.lanes / target.lanes for e in extents] + [target.lanes / 16]
    raw = np.concatenate([rows.ravel(), shape])
    features: NDArray[np.float32] = np.clip(raw, -LIMIT, LIMIT).astype(np.float32)
    features.flags.writeable = False
    return features


def _loop_row(nest: Nest, target: Target, index: int, needed: float, vectorized: bool) -> list[float]:
    loop, loops = nest.loops[index], nest.loops
    size, tail = nest.trips(index)
    moves = [operand[loop.dim] * loop.step for operand in nest.contraction.strides]
    return [
        1,
        0,
        *(float(move > 0) for move in moves),
        nest.contraction.is_reduction(loop.dim),
        log2(1 + size) / 2,
        tail > 0,
        tail / loop.step,
        log2(loop.step) / 2,
        *(log2(1 + move) / 4 for move in moves),
        log2(needed) / 2,
        needed <= 1,
        vectorized,
        size % target.lanes == 0,
        loop.unroll,
        index > 0 and loops[index - 1].dim == loop.dim,
        index + 1 < len(loops) and loops[index + 1].dim == loop.dim,
    ]
