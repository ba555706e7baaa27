"""`gymcc ocaml collect`: searches over trees of inlining decisions, every tree that was compiled a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gymcc.scripts.output import Json, progress, show

if TYPE_CHECKING:
    from gymcc.benchmarks.ocaml_runs.measuring import Measure, Spec

Programs = Annotated[
    list[str], typer.Option("--program", help="A shipped program, gen/<seed>, an .ml file or a folder; repeatable.")
]
Out = Annotated[Path, typer.Option(help="Where the rows go; a folder that was begun is gone on with.")]
BackendName = Annotated[str, typer.Option("--backend", help="sim, closure or flambda.")]
Rules = Annotated[str, typer.Option(help="Of the simulator: closure or flambda.")]
Mode = Annotated[str, typer.Option(help="tree: copies are decided on too; site: they follow the source's calls.")]
Method = Annotated[str, typer.Option(help="annealing or walk.")]
Steps = Annotated[int, typer.Option(help="Of each chain; 0: the method's own, 300 or 200.", min=0)]
Candidates = Annotated[
    int, typer.Option(help="Trees compiled a step, the cheapest proposed; 0: 3, of a walk 1.", min=0)
]
Chains = Annotated[int, typer.Option(help="Independent searches of each program.", min=1)]
Start = Annotated[str, typer.Option(help="stock: begin with what the compiler inlines unasked; none: with nothing.")]
SizeWeight = Annotated[float, typer.Option(help="Exponent of the relative growth of the code in the cost.")]
Workers = Annotated[int, typer.Option(help="That compile at the same time.", min=1)]
Pool = Annotated[str, typer.Option(help="ray, processes, or auto: Ray where it is installed.")]
Seed = Annotated[int, typer.Option(help="Equal seeds give equal rows, with any number of workers.")]


def command(
    program: Programs,
    out: Out,
    backend: BackendName = "sim",
    rules: Rules = "closure",
    mode: Mode = "tree",
    method: Method = "annealing",
    steps: Steps = 0,
    candidates: Candidates = 0,
    chains: Chains = 3,
    start: Start = "stock",
    size_weight: SizeWeight = 0.1,
    workers: Workers = 1,
    pool: Pool = "auto",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Search trees of inlining decisions and keep all that was compiled; may be killed and called again."""
    from gymcc.benchmarks.ocaml_runs.chains import Plan
    from gymcc.benchmarks.ocaml_runs.collecting import collect
    from gymcc.benchmarks.ocaml_runs.measuring import Spec
    from gymcc.benchmarks.ocaml_runs.parquet import write_parquet

    programs, own = named(program)
    plan = Plan(method, steps, candidates, chains, seed, start)
    spec = Spec(backend, rules, size_weight, mode=mode, own=own)
    with (
        measuring(spec, workers, pool) as measure,
        progress(len(programs) * plan.chains * (plan.steps + 1), "steps") as advance,
    ):
        collect(out, programs, plan, spec, measure, advance)
    write_parquet(out)
    show(report(out), as_json)


def named(wanted: Sequence[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Ids of programs, and the places of those that are the user's; raises ValueError if one is named twice."""
    from gymcc.envs.ocaml.library import shipped_texts

    ids, own = [], []
    for each in wanted:
        if each not in shipped_texts() and Path(each).exists():
            own.append((f"own/{Path(each).stem}", str(Path(each).resolve())))
            ids.append(own[-1][0])
        else:
            ids.append(each)
    if len(set(ids)) < len(ids):
        raise ValueError(f"programs must have different names, got {', '.join(ids)}")
    return ids, tuple(own)


def measuring(spec: Spec, workers: int, pool: str) -> AbstractContextManager[Measure]:
    """Workers of a kind; raises ValueError for another one, or Ray where it is not installed."""
    from gymcc.benchmarks.ocaml_runs.processes import processes
    from gymcc.envs.core.choices import choose

    choose(dict.fromkeys(("auto", "ray", "processes")), pool, "pool")
    if pool == "ray" and find_spec("ray") is None:
        raise ValueError("pool=ray: Ray is not installed; pip install 'gymcc[rl]', or take pool=processes")
    on_ray = pool == "ray" or (pool == "auto" and workers > 1 and find_spec("ray") is not None)
    return _on_ray(spec, workers) if on_ray else processes(spec, workers)


@contextmanager
def _on_ray(spec: Spec, workers: int) -> Iterator[Measure]:
    import ray
    from ray.util import ActorPool

    from gymcc.benchmarks.ocaml_runs.measuring import Worker

    ours = not ray.is_initialized()
    if ours:
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        actors = [ray.remote(Worker).remote(spec) for _ in range(workers)]
        pool = ActorPool(actors)
        yield lambda tasks: pool.map(lambda actor, task: actor.__call__.remote(task), list(tasks))
    finally:
        if ours:
            ray.shutdown()


def report(folder: Path) -> list[dict[str, Any]]:
    """A row for each program: trees compiled, different ones, and the cheapest."""
    from gymcc.benchmarks.ocaml_runs.collecting import read_plan, read_rows

    return [_summary(program, read_rows(folder, program)) for program in read_plan(folder)[0]]


def _summary(program: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    good = [row for row in rows if row["objective"] is not None]
    best = min(good, key=lambda row: row["objective"])
    return {
        "program": program,
        "rows": len(rows),
        "failed": len(rows) - len(good),
        "trees": len({str(row["decisions"]) for row in good}),
        "initial": good[0]["objective"],
        "best": best["objective"],
        "best_cost": best["cost"],
        "best_size": best["size"],
    }
