"""`gymcc search`: tune instances with one search and keep what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.agents.search import Budget, methods_of
from gymcc.envs.core.record import Record, append_record, write_records
from gymcc.scripts import programs
from gymcc.scripts.budgets import Count, Dataset, Evaluations, Instances, Seconds, Seed, Split, budget, parse_methods
from gymcc.scripts.environments import EnvId, Option, make, parse_options, pick_instances
from gymcc.scripts.evaluation import searched
from gymcc.scripts.output import Json, progress, show

METHOD = "beam"
Method = Annotated[
    str | None,
    typer.Option(
        help="Comma-separated: random, greedy1, beam, annealing, …; `gymcc info ENV` names all of them. Default: beam, "
        "for an OCaml program of your own flips."
    ),
]
Programs = Annotated[
    list[Path] | None,
    typer.Option(
        "--program",
        metavar="PATH",
        help="A program of your own; repeatable. nitta: a Lua file, --method knows NITTA's methods, guided too. ocaml: "
        "a folder of modules, or .ml files in link order, searched with the real compiler.",
    ),
]
Uarch = Annotated[Path | None, typer.Option("--microarchitecture", metavar="FILE.toml", help="--program of nitta.")]
Number = Annotated[str, typer.Option("--number-type", metavar="fxM.B", help="--program of nitta.")]
Model = Annotated[
    str, typer.Option("--model", metavar="FOLDER", help="--program of nitta: a value model scores in place of NITTA.")
]
BackEnd = Annotated[str, typer.Option("--backend", metavar="NAME", help="The same as -o backend=NAME.")]
Arguments = Annotated[
    list[str] | None, typer.Option("--argument", help="--program of ocaml: it is run with; repeatable.")
]
Input = Annotated[Path | None, typer.Option("--input", metavar="FILE", help="--program of ocaml: its standard input.")]
Apply = Annotated[
    Path | None, typer.Option("--apply", metavar="FOLDER", help="--program of ocaml: write the source as decided here.")
]
Out = Annotated[Path | None, typer.Option(help="Write records here (JSON lines; must not exist).")]


def command(
    env_id: EnvId,
    method: Method = None,
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
    backend: BackEnd = "",
    argument: Arguments = None,
    input_: Input = None,
    apply: Apply = None,
    as_json: Json = False,
) -> None:
    """Search the best decisions for instances (default: one of the test split, 1000 evaluations)."""
    named = {
        "backend": backend,
        "microarchitecture": str(microarchitecture or ""),
        "number_type": number_type,
        "arguments": argument,
        "stdin": input_.read_text() if input_ else "",
    }
    options = parse_options(option) | {name: value for name, value in named.items() if value}
    if program:
        if out:
            raise ValueError("--out: a program of one's own leaves no records; --apply writes it as decided")
        spent = Budget(evaluations, seconds) if evaluations or seconds else None
        asked = programs.Asked(env_id, program, options, method or "", spent, seed, model, apply)
        programs.command(asked, as_json)
        return
    if model or apply:
        raise ValueError(f"{'--model' if model else '--apply'}: for programs of one's own; give --program")
    if out and out.exists():
        raise FileExistsError(f"{out} exists; nothing was overwritten")
    options |= {"dataset": dataset} if dataset else {}
    problem = make(env_id, **options).problem
    names, references = parse_methods(METHOD if method is None else method, problem)
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
