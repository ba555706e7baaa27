"""Speed of the embedded NITTA: random descents, with everything an agent sees computed at every step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from random import Random
from time import process_time
from typing import Any

import numpy as np

from gymcc.envs.core.episode import Episode
from gymcc.envs.nitta.dataset import PROGRAMS
from gymcc.envs.nitta.env import make_problem
from gymcc.envs.nitta.observations import observations
from gymcc.envs.nitta.problem import Nitta
from gymcc.envs.nitta.tree import open_tree

GROUPS = ((3, 5, ">= 8000"), (14, 16, ">= 4000"), (20, 34, None))  # functions of a program, from and to


def bench(seconds: float = 3.0) -> list[dict[str, Any]]:
    """Rows ``what, unit, value, target``; CPU time of one core, roots and sources known, as in training."""
    problem = make_problem()
    sizes = {i: len(problem.library.program(i).functions) for i in problem.datasets[PROGRAMS]}
    rows = []
    for fewest, most, target in GROUPS:
        members = [instance for instance, size in sizes.items() if fewest <= size <= most]
        what = f"steps, {len(members)} programs of {fewest} to {most} functions"
        rows.append(_row(what, "steps/s", _steps(problem, members, seconds), target))
    rows.append(_row("front end, a program", "ms", _compile(problem, list(sizes)) * 1e3, None))
    rows.append(_row("options of a root, mean of all programs", "ms", _roots(problem, list(sizes)) * 1e3, None))
    return rows


def _row(what: str, unit: str, value: float, target: str | None) -> dict[str, Any]:
    return {"what": what, "unit": unit, "value": value, "target": target}


def _steps(problem: Nitta, instances: Sequence[str], seconds: float) -> float:
    observe, random = observations(problem)["default"], Random(0)
    for instance in instances:
        observe(Episode(instance, problem.initial(instance), problem.max_steps))
    steps, start = 0, process_time()
    for instance in cycle(instances):
        state = problem.initial(instance)
        while True:
            observe(Episode(instance, state, problem.max_steps))
            legal = np.flatnonzero(problem.legal(state))
            if not len(legal):
                break
            state = problem.apply(state, int(legal[random.randrange(len(legal))]))
            steps += 1
        if (passed := process_time() - start) > seconds:
            return steps / passed
    raise ValueError("there are no programs of that size")


def _compile(problem: Nitta, instances: Sequence[str]) -> float:
    start = process_time()
    for instance in instances:
        problem.library.program(instance)
    return (process_time() - start) / len(instances)


def _roots(problem: Nitta, instances: Sequence[str]) -> float:
    programs = [problem.library.program(instance) for instance in instances]
    start = process_time()
    for program in programs:
        assert open_tree(program).options
    return (process_time() - start) / len(programs)
