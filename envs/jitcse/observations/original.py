"""What the original environments show, their faults excepted."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.episode import Episode
from gymcc.envs.jitcse.compilers import LocalCompiler
from gymcc.envs.jitcse.problem import JitCse
from gymcc.envs.jitcse.state import CseState

TYPES = 6  # int, long, float, double, struct, simd; other is all zeros (jitml's index -1 set simd)
FLAGS = ("live_across_call", "const", "shared_const", "make_cse", "has_call", "containable")
NUMBERS = (
    "cost_ex", "cost_sz", "use_count", "def_count", "use_wt_cnt", "def_wt_cnt", "distinct_locals", "local_occurrences",
    "enreg_count",
)  # fmt: skip
MLCSE = 25
LARGEST = float(np.finfo(np.float32).max)


class Jitml:
    """float32 ``(max_candidates, 22)``, raw: jitml's rows, zeros where there is no candidate.

    Columns: 0-5 type, one-hot; 6 can be applied (viable and not applied); 7-12 live across call, const, shared const,
    made by hoisting, has a call, containable; 13-21 cost, size cost, uses, defs, weighted uses, weighted defs,
    distinct locals, local occurrences, enregistered locals. jitml declares [0, 1] and exceeds it; this space says so.
    """

    def __init__(self, problem: JitCse) -> None:
        self.problem = problem
        self.space = gym.spaces.Box(
            -LARGEST, LARGEST, (problem.stop, TYPES + 1 + len(FLAGS) + len(NUMBERS)), np.float32
        )

    def __call__(self, episode: Episode[CseState]) -> NDArray[np.float32]:
        state = episode.state
        rows = np.zeros(self.space.shape, np.float32)
        told = self.problem.compiler.features(state.method)
        for number, (each, row) in enumerate(zip(self.problem.candidates(state.method), told, strict=False)):
            if 1 <= each.type <= TYPES:  # the row's is that of the 2026 branch, where references are integers
                rows[number, each.type - 1] = 1
            rows[number, TYPES] = row["viable"] and number not in state.chosen
            rows[number, TYPES + 1 :] = [row.get(name, 0) for name in (*FLAGS, *NUMBERS)]
        return rows


class Mlcse:
    """float32 ``(max_candidates + 1, 25)``: the features of RyuJIT's linear policy, the last row for stopping."""

    def __init__(self, problem: JitCse, compiler: LocalCompiler) -> None:
        self.problem, self.compiler = problem, compiler
        self.space = gym.spaces.Box(-LARGEST, LARGEST, (problem.n_actions, MLCSE), np.float32)

    def __call__(self, episode: Episode[CseState]) -> NDArray[np.float32]:
        state, stop = episode.state, self.problem.stop
        rows = np.zeros(self.space.shape, np.float32)
        features = self.compiler.mlcse_features(state.method, state.chosen)
        rows[: min(len(features) - 1, stop)] = features[:-1][:stop]
        rows[stop] = features[-1]
        return rows
