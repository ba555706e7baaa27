"""`gymcc search`: tune instances with one search and keep what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.agents.search import Budget, methods_of
from gymcc.envs.core.record import Record, append_record, write_records
from gymcc.scripts.budgets import Count, Dataset, Evaluations, Instances, Seconds, Seed, Split, budget, parse_methods
from gymcc.scripts.environments import EnvId, Option, make, parse_options, pick_instances
from gymcc.scripts.evaluation import searched
from gymcc.scripts.output import Json, progress, show

Method = Annotated[
    str, typer.Option(help="Comma-separated: random, greedy1, beam, annealing, …; `gymcc info ENV` names all of them.")
]
Programs = Annotated[
    list[Path] | None,
    typer.Option("--program", metavar="FILE.lua", help="nitta: schedule this; --method knows NITTA's methods, guided."),
]
Uarch = Annotated[Path | None, typer.Option("--microarchitecture", metavar="FILE.toml", help="With --program.")]
Number = Annotated[str, typer.Option("--number-type", metavar="fxM.B", help="With --program.")]
Model = Annotated[
    str, typer.Option("--model", metavar="FOLDER", help="With --program: a value model scores in place of NITTA.")
]
Out = Annotated[Path | None, typer.Option(help="Write records here (JSON lines; must not exist).")]


def command(
    env_id: EnvId,
    method: Method = "beam",
    instance: Instances = None,
    dataset: Dataset = None,
    split: Split = "test",
    count: Count = 1,
    evaluations: Evaluations = None,
    seconds: Seconds = None,
    seed: Seed = 0,
    out: Out = None,
    option: Option = None,
    program: Programs = None,
    microarchitecture: Uarch = None,
    number_type: Number = "",
    model: Model = "",
    as_json: Json = False,
) -> None:
    """Search the best decisions for instances (default: one of the test split, 1000 evaluations)."""
    if program:
        spent = Budget(evaluations, seconds) if evaluations or seconds else None
        show(_scheduled(env_id, program, method, spent, seed, (microarchitecture, number_type, model)), as_json)
        return
    if out and out.exists():
        raise FileExistsError(f"{out} exists; nothing was overwritten")
    options = parse_options(option) | ({"dataset": dataset} if dataset else {})
    problem = make(env_id, **options).problem
    names, references = parse_methods(method, problem)
    if references or not names:
        raise ValueError(f"--method {method!r} is no search; allowed: {', '.join(methods_of(problem))}")
    spent = budget(evaluations, seconds, default=1000)
    instances = pick_instances(problem, options, split, count, instance)
    records: list[Record] = []
    if out:
        write_records(out, [])  # a place that cannot be written is told before hours of search
    with progress(len(instances) * len(names), "searching") as advance:
        for name in instances:
            judge = problem.careful()
            for each in names:
                records.append(searched(problem, judge, env_id, options, name, each, spent, seed))
                if out:
                    append_record(out, records[-1])
                advance(name)
    show([_row(record, problem) for record in records], as_json)


def _scheduled(
    env_id: str, programs: list[Path], method: str, spent: Budget | None, seed: int, rest: tuple[Path | None, str, str]
) -> list[dict[str, Any]]:
    """Rows of the methods on the programs."""
    from gymcc.scripts.nitta_search import ENV, searched

    if env_id not in ("nitta", ENV):
        raise ValueError(f"--program is for nitta ({ENV}), not for {env_id!r}")
    methods = [name.strip() for name in method.split(",") if name.strip()]
    return [row for program in programs for row in searched(program, methods, spent, seed, *rest)]


def _row(record: Record, problem: Any) -> dict[str, Any]:
    cost = record.final_cost if problem.last_counts else record.best_cost
    return {
        "instance": record.instance,
        "method": record.method,
        "speedup": record.baseline_cost / cost,
        f"cost_{problem.unit}": cost,
        **problem.figures(problem.decode(record.final)),
        "evaluations": record.evaluations,
        "seconds": record.seconds,
        "proven": record.proven,
        "actions": ",".join(record.actions),
    }
