"""Overheads of the suite: a step on memoised states through gym.make, a fork, an import, beside Gymnasium's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import gymnasium as gym

from gymcc.envs.core.wrappers import fork

ROUNDS = 200


class _Noop(gym.Env[Any, Any]):
    """The least an environment can do, to show what Gymnasium's wrappers cost."""

    observation_space = action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return 0, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return 0, 0.0, False, False, {}


def bench() -> list[dict[str, Any]]:
    """Rows of what, microseconds (median of 200) and the target, where there is one."""
    gym.register("gymcc-bench-noop-v0", entry_point=f"{__name__}:_Noop")
    noop = gym.make("gymcc-bench-noop-v0")
    noop.reset()
    env = gym.make("looptune-mm-model-v0")
    rows = [
        _row("step of a no-op environment through gym.make", _micros(lambda: noop.step(0), 100), None),
        _row("step on a memoised state, looptune-mm-model-v0", _step_micros(env), 60.0),
        _row("fork through gym.make's wrappers", _micros(lambda: fork(env), 100), 5.0),
        _row("fork of the environment itself", _micros(env.unwrapped.fork, 100), 5.0),  # type: ignore[attr-defined]
        _row("import gymnasium, new process", _import_micros("gymnasium"), None),
        _row("import gymcc, new process", _import_micros("gymcc"), 300_000.0),
    ]
    return rows


def _row(what: str, micros: float, target: float | None) -> dict[str, Any]:
    return {"what": what, "microseconds": micros, "target_microseconds": target}


def _micros(call: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        for _ in range(repeats):
            call()
        times.append((perf_counter() - start) / repeats)
    return median(times) * 1e6


def _step_micros(env: gym.Env[Any, Any]) -> float:
    actions = [4, 1, 1, 1, 6, 2, 2, 1, 0, 1]
    times = []
    for _ in range(ROUNDS):
        env.reset(options={"instance": "m64_n96_k128"})
        start = perf_counter()
        for action in actions:
            env.step(action)
        times.append((perf_counter() - start) / len(actions))
    return median(times) * 1e6


def _import_micros(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True) for _ in range(5)]
    return median(float(run.stdout) for run in runs) * 1e6
