"""`gymcc evaluate`: a trained run against searches at equal budgets."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.agents.policy import Policy, find
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
from gymcc.scripts.environments import Option, make, parse_options, pick_instances
from gymcc.scripts.evaluation import POLICY, Plan
from gymcc.scripts.exhibit import exhibit
from gymcc.scripts.output import Json, invocation
from gymcc.scripts.verdict import carry_out

Run = Annotated[Path, typer.Argument(help="A run folder of `gymcc train`, a policy.onnx, or a shipped policy's name.")]
Against = Annotated[str, typer.Option(help="Comma-separated searches, and `numpy` where the problem knows it.")]
Out = Annotated[Path | None, typer.Option(help="Folder for records and report; default: the run or runs/NAME.")]
DEFAULT = "random,greedy1,greedy2,beam,annealing,heuristic"


def command(
    run: Run,
    against: Against = DEFAULT,
    dataset: Dataset = None,
    split: Split = "test",
    count: Count = 20,
    instance: Instances = None,
    evaluations: Evaluations = None,
    seconds: Seconds = None,
    seed: Seed = 0,
    seeds: Seeds = 1,
    out: Out = None,
    option: Option = None,
    as_json: Json = False,
) -> None:
    """Compare a policy's greedy roll-out with searches (default: 20 test instances, as many evaluations as steps).

    Records go to RUN/records, the report to RUN/report.html. Interrupted, run it again to continue. Where one may stop
    at will, as in jitcse, the speed-up counts the state that a method ends in; elsewhere the best on its path. The
    other is shown beside it.
    """
    evaluate(run, against, dataset, split, count, instance, evaluations, seconds, seed, seeds, out, option, as_json)


def evaluate(
    run: Path,
    against: str = DEFAULT,
    dataset: str | None = None,
    split: str = "test",
    count: int | None = 20,
    instance: list[str] | None = None,
    evaluations: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    seeds: int = 1,
    out: Path | None = None,
    option: list[str] | None = None,
    as_json: bool = False,
) -> list[dict[str, Any]]:
    """What the command does, for `train --evaluate`; returns the rows of the table."""
    policy = Policy.load(run)
    trained = {name: value for name, value in policy.card.options.items() if name != "split"}
    options = trained | parse_options(option) | ({"dataset": dataset} if dataset else {})
    env = make(policy.card.env, **options)
    policy.check(env)
    searches, references = parse_methods(against, env.problem)
    instances = pick_instances(env.problem, options, split, count, instance)
    spent = budget(evaluations, seconds, default=env.max_steps)
    methods = (POLICY, *searches)
    digest = blake2b(find(run).read_bytes(), digest_size=8).hexdigest()
    plan = Plan(policy.card.env, options, instances, methods, tuple(references), spent, seed, seeds, {"policy": digest})
    folder = out or (run if run.is_dir() else Path("runs") / (run.parent.name if run.suffix else run.name))
    verdict = carry_out(plan, env, folder, policy, as_json, f"{folder.name}: policy against searches", invocation())
    if (run / "config.yaml").is_file():
        exhibit(run, verdict, env)
    return verdict.rows
