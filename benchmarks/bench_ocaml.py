"""OCaml inlining, measured in one run: a step by number of calls, the simulator beside the compiler, the head-room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from math import isnan
from random import Random
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from gymcc.benchmarks.statistics import geometric_mean
from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.cost import CostModel
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.env import make_env, make_problem
from gymcc.envs.ocaml.frontend import parse_program
from gymcc.envs.ocaml.heuristic import default
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA, paths
from gymcc.envs.ocaml.ir import Path, Program
from gymcc.envs.ocaml.library import Library
from gymcc.envs.ocaml.problem import MODES, OcamlInline

GROUPS = ((1, 30), (31, 60), (61, 100), (101, 400))  # calls of a program, from and to
EACH = 8  # programs in a group
SEEDS = 40  # generated programs looked at, one by one …
JOINED = (2, 3, 4)  # … and so many put together in one, for the larger groups
STEPS = 100  # flips per program
COMPILED = 3  # vectors of decisions per program that the compiler is given
LARGE = 100  # calls, from which another bar holds

Row = dict[str, Any]


def bench(steps: int = STEPS, compiled: int = COMPILED, seed: int = 0) -> dict[str, list[Row]]:
    """Tables by title, of rows ``what, unit, value, target``: CPU time of one core, the compiler's by the clock.

    A step flips one random open path and prices the program. The compiler is given ``compiled`` vectors of decisions
    per program to test on; without an ocamlopt there is no line of it.
    """
    programs = _programs()
    return {
        "A step of the simulator": [
            row for rules in (CLOSURE, FLAMBDA) for row in _speed(programs, rules, steps, seed)
        ],
        "The environment": _environment(seed),
        "Simulator and compiler on the same decisions": _beside(compiled, seed),
        "Head-room of the shipped programs, in the simulator": _headroom(),
    }


def _programs() -> dict[str, list[Program]]:
    """Shipped and generated programs by how many calls they have."""
    library = Library()
    alone = [library.source(name).text for name in (*shipped()[SHIPPED], *(f"gen/{seed}" for seed in range(SEEDS)))]
    joined = ["\n".join(alone[-n * (i + 1) : len(alone) - n * i]) for n in JOINED for i in range(EACH)]
    found: dict[str, list[Program]] = {f"{fewest} to {most} calls": [] for fewest, most in GROUPS}
    for number, text in enumerate((*alone, *joined)):
        program = parse_program(text, f"program {number}")
        for (fewest, most), members in zip(GROUPS, found.values(), strict=True):
            if fewest <= len(program.sites) <= most and len(members) < EACH:
                members.append(program)
    return {title: members for title, members in found.items() if members}


def _speed(programs: dict[str, list[Program]], rules: Any, steps: int, seed: int) -> Iterator[Row]:
    every = [program for members in programs.values() for program in members]
    models, recorded = _timed(partial(CostModel, rules=rules), every)
    _, defaults = _timed(lambda model: default(model.session), models)
    yield _row(f"{rules.name}: record a program", "ms", median(recorded), None)
    yield _row(f"{rules.name}: default decisions of a program", "ms", median(defaults), None)
    times = iter([_steps(model, steps, Random(seed)) for model in models])
    medians: dict[str, list[float]] = {}
    for title, members in programs.items():
        medians[title] = [median(each) for each in islice(times, len(members))]
        bar = "<= 5" if int(title.split()[0]) > LARGE else None
        yield _row(f"{rules.name}: a step, {len(members)} programs of {title}", "ms", median(medians[title]), bar)
    yield _row(f"{rules.name}: a step, all programs", "ms", median(chain(*medians.values())), "<= 1")


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


def _environment(seed: int) -> list[Row]:
    """Steps of ``ocaml-inline-v0`` with observation and dense reward, under random decisions."""
    return [
        _row(f"{mode} mode: a step of ocaml-inline-v0, shipped programs", "ms", _episodes(mode, seed), None)
        for mode in MODES
    ]


def _episodes(mode: str, seed: int) -> float:
    env, random, times = make_env(mode=mode), Random(seed), []
    for instance in shipped()[SHIPPED]:
        _, info = env.reset(options={"instance": instance})
        done = False
        while not done:
            action = random.choice(np.flatnonzero(info["action_mask"]).tolist())
            start = process_time()
            _, _, terminated, truncated, info = env.step(action)
            times.append(1e3 * (process_time() - start))
            done = terminated or truncated
    return median(times)


def _beside(compiled: int, seed: int) -> list[Row]:
    """Milliseconds of one evaluation by the clock: the simulator's when decisions are new, and the compiler's."""
    simulated, real = make_problem(), _compiler() if compiled else None
    if real is None:
        return []
    clocks: dict[str, list[float]] = {"simulator": [], "ocamlopt and a counted run": []}
    random = Random(seed)
    for instance in shipped()[SHIPPED].split("test"):
        real.backend(instance)
        for _ in range(compiled):
            vector = _random(simulated, instance, random)
            for name, problem in zip(clocks, (simulated, real), strict=True):
                start = perf_counter()
                problem.backend(instance).cost(vector)
                clocks[name].append(1e3 * (perf_counter() - start))
    fast, slow = (median(times) for times in clocks.values())
    rows = [_row(f"{name}, {len(times)} evaluations", "ms", median(times), None) for name, times in clocks.items()]
    return [*rows, _row("the compiler over the simulator", "times", slow / fast, None)]


def _compiler() -> OcamlInline | None:
    try:
        return make_problem(backend="closure")
    except BackendError:
        return None


def _random(problem: OcamlInline, instance: str, random: Random) -> dict[Path, Any]:
    state = problem.initial(instance)
    while state.path is not None:
        state = problem.apply(state, random.choice(sorted(problem.allowed(state))))
    return dict(state.decisions)


def _headroom() -> list[Row]:
    """Best known cost over the default's, 1 where the compiler's own decisions are the best known."""
    rows = []
    for mode in MODES:
        problem = make_problem(mode=mode)
        facts = [problem.facts(instance) for instance in shipped()[SHIPPED]]
        best = [float(each["best_known_cost"]) for each in facts if not isnan(each["best_known_cost"])]
        if best:
            gains = sum(cost < 0.99 for cost in best)
            proven = sum(bool(each["best_proven"]) for each in facts)
            what = f"{mode} mode: best known cost, {len(best)} programs, {proven} proven, {gains} gain over 1 %"
            rows.append(_row(what, "of the default", geometric_mean(best), None))
    return rows


def _row(what: str, unit: str, value: float, target: str | None) -> Row:
    return {"what": what, "unit": unit, "value": value, "target": target}
