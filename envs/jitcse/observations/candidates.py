"""The default observation: a row for every action, so that a network may treat candidates as the set that they are."""

from __future__ import annotations

from functools import lru_cache
from math import log1p

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.episode import Episode
from gymcc.envs.jitcse.compilers import Row
from gymcc.envs.jitcse.policies.features import HOOK_2026_NAMES, HOOK_NAMES, METHOD_NAMES
from gymcc.envs.jitcse.problem import JitCse
from gymcc.envs.jitcse.state import CseState

TYPES = 7
NAMES = tuple(dict.fromkeys((*HOOK_NAMES, *HOOK_2026_NAMES)))[1:]  # type, the first, is one-hot
MARKS = 3  # present, legal, kept
WIDTH = MARKS + TYPES + len(NAMES)
CANDIDATE_ROW = ("present", "legal", "kept", *["type"] * TYPES, *NAMES)
METHOD_ROW = tuple(f"method: {name}" for name in ("share_kept", "log_candidates", "log_kept", *METHOD_NAMES))
LIMIT = 8.0
METHODS = 20_000


class Candidates:
    """float32 ``(max_candidates + 1, 44)`` in [-8, 8]: a row per action, zeros where there is no candidate.

    Columns: 0 present; 1 legal now; 2 kept already; 3-9 type, one-hot (other, int, long, float, double, struct, simd);
    then the features of RyuJIT's RLHook, those of .NET 9 and 10 and the further ones of the 2026 branch, by kind:
    flags as they are, counts and costs as log(1 + x), ``_x1000`` a thousandth (logarithms another tenth), weights
    as log(1 + x) / 4. What a compiler does not report is 0. The last row is for stopping and describes the method:
    0 present (0), 1 legal, 2 share of the legal candidates kept; then number of candidates and of kept ones as
    log(1 + x), and the method features of the 2026 branch. ``names``: what each number is, row by row; empty where it
    never changes. Those of a one-hot share their name.
    """

    def __init__(self, problem: JitCse) -> None:
        self.problem = problem
        self.space = gym.spaces.Box(-LIMIT, LIMIT, (problem.n_actions, WIDTH), np.float32)
        last = ("", "", *METHOD_ROW, *[""] * (WIDTH - 2 - len(METHOD_ROW)))
        self.names = (*[CANDIDATE_ROW] * problem.stop, last)
        self._fixed = lru_cache(METHODS)(self._of_method)

    def __getstate__(self) -> dict[str, object]:
        return {"problem": self.problem}

    def __setstate__(self, state: dict[str, JitCse]) -> None:
        self.__init__(state["problem"])  # type: ignore[misc]

    def __call__(self, episode: Episode[CseState]) -> NDArray[np.float32]:
        state, stop = episode.state, self.problem.stop
        rows = self._fixed(state.method).copy()
        rows[:, 1] = self.problem.legal(state)
        if state.chosen:
            rows[list(state.chosen), 2] = 1
        count = len(self.problem.candidates(state.method))
        whole = self.problem.compiler.method_features(state.method, state.chosen)
        rows[stop, 2] = len(state.chosen) / max(1, count)
        rows[stop, MARKS : MARKS + 2] = log1p(count), log1p(len(state.chosen))
        values = [normalised(name, whole.get(name, 0)) for name in METHOD_NAMES]
        rows[stop, MARKS + 2 : MARKS + 2 + len(values)] = np.clip(values, -LIMIT, LIMIT)
        return rows

    def _of_method(self, instance: str) -> NDArray[np.float32]:
        """The part that no decision changes, read-only."""
        rows = np.zeros(self.space.shape, np.float32)
        for number, row in enumerate(self.problem.compiler.features(instance)[: self.problem.stop]):
            rows[number, 0] = 1
            rows[number, MARKS + min(max(row.get("type", 0), 0), TYPES - 1)] = 1
            rows[number, MARKS + TYPES :] = np.clip([_value(row, name) for name in NAMES], -LIMIT, LIMIT)
        rows.flags.writeable = False
        return rows


def _value(row: Row, name: str) -> float:
    return normalised(name, row.get(name, 0))


def normalised(name: str, value: int) -> float:
    """A feature in about [0, 3]; overflowed ones, which early JIT builds report as negative, count as 0."""
    value = max(0, value)
    if name.startswith("log_") or name == "spill_at_weight_x1000":
        return value / 10_000
    if name.endswith("ref_cnt_x1000"):
        return log1p(value / 1000) / 2
    if name.endswith("x1000_per_bb"):
        return value / 1000
    if "_wt_" in name:
        return log1p(value) / 4
    return log1p(value) if value > 1 else float(value)
