"""`gymcc compare`: searches against each other at equal budgets, without an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.agents.search import methods_of
from gymcc.scripts.budgets import (
    Count,
    Dataset,
    Evaluations,
    Instances,
    Seconds,
    Seed,
    Seeds,
    Split,
    budget,
    parse_methods,
)
from gymcc.scripts.environments import EnvId, Option, make, parse_options, pick_instances
from gymcc.scripts.evaluation import Plan
from gymcc.scripts.output import Json, invocation
from gymcc.scripts.verdict import carry_out

Methods = Annotated[str, typer.Option(help="Comma-separated searches, and `numpy` where the problem knows it.")]
Out = Annotated[Path, typer.Option(help="Folder for records and report.html; run again to continue.")]
ALL = "random,greedy1,greedy2,beam,annealing,heuristic"


def command(
    env_id: EnvId,
    methods: Methods = ALL,
    dataset: Dataset = None,
    split: Split = "test",
    count: Count = 20,
    instance: Instances = None,
    evaluations: Evaluations = None,
    seconds: Seconds = None,
    seed: Seed = 0,
    seeds: Seeds = 1,
    out: Out = Path("runs/compare"),
    option: Option = None,
    as_json: Json = False,
) -> None:
    """Run searches on instances of a split (default: 20, 100 evaluations each) and write records and a report.

    Where one may stop at will, as in jitcse, the speed-up counts the state that a method ends in; elsewhere the best on
    its path. The other is shown beside it.
    """
    options = parse_options(option) | ({"dataset": dataset} if dataset else {})
    env = make(env_id, **options)
    searches, references = parse_methods(methods, env.problem)
    if not searches:
        raise ValueError(
            f"--methods {methods!r} has no search to compare; allowed: {', '.join(methods_of(env.problem))}"
        )
    instances = pick_instances(env.problem, options, split, count, instance)
    spent = budget(evaluations, seconds, default=100)
    plan = Plan(env_id, options, instances, tuple(searches), tuple(references), spent, seed, seeds)
    carry_out(plan, env, out, None, as_json, title=f"Searches on {env_id}", command=invocation())
