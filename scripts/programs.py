"""`gymcc search ENV --program PATH`: programs of the user's own, searched, shown and written as decided.

What is a program and how an environment takes it, its problem says (:meth:`gymcc.envs.core.problem.Problem.programs`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from gymcc.agents.search import Budget, SearchResult, methods_of, search
from gymcc.envs.core.own import OwnProgram
from gymcc.envs.core.problem import Problem
from gymcc.envs.registry import ROWS
from gymcc.scripts.budgets import parse_methods
from gymcc.scripts.environments import make
from gymcc.scripts.evaluation import tell_failures
from gymcc.scripts.output import progress, show

EVALUATIONS = 1000  # where no budget is given
METHODS_OF_ITS_OWN = {"nitta": "gymcc.scripts.nitta_search"}  # searches of more than what the problem offers


@dataclass(frozen=True, slots=True)
class Asked:
    """What to search, and how."""

    env: str  # id, or the name of a problem, of which the first environment is taken then
    paths: Sequence[Path]
    options: Mapping[str, Any]  # of the environment
    method: str  # names with commas between, empty for the problem's own choice
    budget: Budget | None
    seed: int
    model: str = ""
    apply: Path | None = None  # where the best program goes


def command(asked: Asked, as_json: bool) -> None:
    """Search, print a table of the methods and one of what the best of them has decided, and write the program."""
    env_id = _full_id(asked.env)
    problem = make(env_id).problem
    programs = problem.programs(asked.paths, asked.options)
    if asked.apply and len(programs) > 1:
        raise ValueError(f"--apply writes one program, {len(programs)} were given")
    its_own = METHODS_OF_ITS_OWN.get(problem.name)
    if its_own:
        if asked.apply:
            raise ValueError(f"--apply: {problem.name} writes no programs")
        rows = [row for program in programs for row in _by_its_own(its_own, env_id, program, asked)]
        show(rows, as_json)
        return
    if asked.model:
        raise ValueError("--model is for nitta")
    outcomes = [_searched(env_id, program, asked, as_json) for program in programs]
    if as_json:
        show([row for rows in outcomes for row in rows], True)


def _full_id(name: str) -> str:
    return next((row.id for row in ROWS if row.module.rpartition(".")[2] == name), name)


def _by_its_own(module: str, env_id: str, program: OwnProgram, asked: Asked) -> list[dict[str, Any]]:
    methods = [name.strip() for name in (asked.method or program.method).split(",") if name.strip()]
    searched = import_module(module).searched
    found: list[dict[str, Any]] = searched(env_id, program, methods, asked.budget, asked.seed, asked.model)
    return found


def _searched(env_id: str, program: OwnProgram, asked: Asked, quiet: bool) -> list[dict[str, Any]]:
    """Rows with all decisions; unless ``quiet``, tables are printed."""
    env = make(env_id, **program.options)
    problem, instance = env.problem, env.instances[0]
    if caveat := problem.caveat(instance):
        print(f"note: {program.name}: {caveat}", file=sys.stderr)
    methods, references = parse_methods(asked.method or program.method, problem)
    if references or not methods:
        raise ValueError(f"--method {asked.method!r} is no search; allowed: {', '.join(methods_of(problem))}")
    budget = asked.budget or Budget(evaluations=EVALUATIONS)
    with progress(len(methods), "searching") as advance:
        found = []
        for method in methods:
            found.append(search(problem, instance, method, budget, asked.seed))
            tell_failures(program.name, found[-1])
            advance(method)
    rows = [_row(problem, program, each) for each in found]
    best = min(found, key=lambda each: each.best_cost)
    if asked.apply:
        for path in problem.save(_end(problem, best), asked.apply):
            print(f"wrote {path}", file=sys.stderr)
    if not quiet:
        show(rows, False)
        _show_decisions(problem, best)
    return [
        {**row, "decisions": list(problem.decided(_end(problem, each)))} for row, each in zip(rows, found, strict=True)
    ]


def _end(problem: Problem[Any], found: SearchResult) -> Any:
    state = problem.initial(found.instance)
    for action in found.actions:
        state = problem.apply(state, action)
    return state


def _row(problem: Problem[Any], program: OwnProgram, found: SearchResult) -> dict[str, Any]:
    """Cost and other figures, each beside what it is without decisions."""
    after, before = (problem.figures(state) for state in (_end(problem, found), problem.initial(found.instance)))
    figures = {
        f"{'default_' * default}{name}": (before if default else after)[name] for name in after for default in (0, 1)
    }
    return {
        "program": program.name,
        "method": found.method,
        "cost": found.best_cost,
        "speedup": found.speedup,
        **figures,
        "evaluations": found.evaluations,
        "seconds": found.seconds,
        "proven": found.proven,
    }


def _show_decisions(problem: Problem[Any], best: SearchResult) -> None:
    decided = problem.decided(_end(problem, best))
    changed = [row for row in decided if row["changed"]]
    print(f"{best.method}: {len(changed)} of {len(decided)} decisions are not what the compiler does unasked")
    if changed:
        show([{key: value for key, value in row.items() if key != "changed"} for row in changed], False)
