"""Speed of the OCaml simulator: recording a program, pricing decisions after one has changed, and the default rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from statistics import median
from time import process_time
from typing import Any

from gymcc.envs.ocaml.cost import CostModel
from gymcc.envs.ocaml.heuristic import default
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, paths
from gymcc.envs.ocaml.ir import Path, Program

STEPS = 200  # flips per program
MANY = 100  # sites of a program that counts as a large one


def bench(programs: Sequence[Program], steps: int = STEPS, seed: int = 0) -> list[dict[str, Any]]:
    """Rows ``what, unit, value, target`` over programs; CPU time of one core. A step flips one random open path."""
    rows = []
    for rules in (FLAMBDA, CLOSURE):
        models, recorded = _timed(partial(CostModel, rules=rules), programs)
        _, defaults = _timed(lambda model: default(model.session), models)
        times = [_steps(model, steps, Random(seed)) for model in models]
        every = [time for each in times for time in each]
        rows += [
            _row(f"{rules.name}: record a program", "ms", median(recorded), None),
            _row(f"{rules.name}: default decisions of a program", "ms", median(defaults), None),
            _row(f"{rules.name}: a step", "ms", median(every), "<= 1"),
        ]
        large = [median(each) for each, program in zip(times, programs, strict=True) if len(program.sites) >= MANY]
        if large:
            rows.append(_row(f"{rules.name}: a step of {MANY} sites or more, worst", "ms", max(large), "<= 5"))
    return rows


def _row(what: str, unit: str, value: float, target: str | None) -> dict[str, Any]:
    return {"what": what, "unit": unit, "value": value, "target": target}


def _timed(work: Callable[[Any], Any], items: Sequence[Any]) -> tuple[list[Any], list[float]]:
    """Results, and how many milliseconds each took."""
    results, times = [], []
    for item in items:
        start = process_time()
        results.append(work(item))
        times.append(1e3 * (process_time() - start))
    return results, times


def _steps(model: CostModel, steps: int, random: Random) -> list[float]:
    """Milliseconds of each step of a random walk over decisions."""
    inline: set[Path] = set()
    times = []
    for _ in range(steps):
        openings = model.session.residual(paths(inline)).openings
        open_paths = [each.path for each in openings if not each.closed]
        if not open_paths:
            break
        inline ^= {random.choice(open_paths)}
        decisions = paths(inline)
        start = process_time()
        model.cost(decisions)
        times.append(1e3 * (process_time() - start))
    return times or [0.0]
