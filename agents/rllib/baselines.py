"""What the learning curve is drawn beside: where the compiler's heuristic and the best known decisions lead."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import exp, log
from typing import Any

from gymcc.envs.core.problem import BackendError, Problem

SECONDS = 20.0  # a curve does without a baseline that takes longer


def baselines(problem: Problem[Any], instances: Sequence[str]) -> dict[str, float]:
    """Geometric mean of the speed-up by ``heuristic`` and ``best_known``, where all instances have it."""
    sources: dict[str, Callable[[str], Sequence[int] | None]] = {
        "heuristic": problem.heuristic,
        "best_known": problem.solution,
    }
    found = {name: _speedup(problem, instances, decide) for name, decide in sources.items()}
    return {name: speedup for name, speedup in found.items() if speedup is not None}


def _speedup(
    problem: Problem[Any], instances: Sequence[str], decide: Callable[[str], Sequence[int] | None]
) -> float | None:
    deadline, total = time.monotonic() + SECONDS, 0.0
    for instance in instances:
        try:
            actions = decide(instance)
            if actions is None or time.monotonic() > deadline:
                return None
            state = start = problem.initial(instance)
            for action in actions:
                state = problem.apply(state, action)
            total += log(problem.cost(start) / problem.cost(state))
        except (BackendError, NotImplementedError):
            return None
    return exp(total / len(instances))
