"""`gymcc bench`: speed and quality, measured side by side in one run."""

from __future__ import annotations

import json

import typer

from gymcc.benchmarks import bench_core, bench_looptune, fidelity_looptune
from gymcc.envs.looptune.dataset import parse_range
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.fidelity import write_fidelity
from gymcc.scripts import bench_scaling, bench_serve
from gymcc.scripts.output import Json, progress, show

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Print speed and quality figures, measured side by side in one run.",
)

app.command(name="scaling")(bench_scaling.command)
app.command(name="serve")(bench_serve.command)


@app.command()
def core(as_json: Json = False) -> None:
    """Overheads of the suite itself: step, fork, import."""
    show(bench_core.bench(), as_json, "Overheads")


@app.command()
def looptune(sizes: str = typer.Option("64:256:16", help="Square sizes, range syntax."), as_json: Json = False) -> None:
    """Code generator against the FMA peak of one core and numpy's BLAS; compile and measuring times; noise."""
    parse_range(sizes)  # a fault is told here, not by the processes that measure
    tables = bench_looptune.bench(sizes)
    if as_json:
        print(json.dumps(tables, indent=2))
        return
    for title, rows in tables.items():
        show(rows, False, title)


@app.command()
def jitcse(
    count: int = typer.Option(200, help="Methods of the shipped test split.", min=1), as_json: Json = False
) -> None:
    """JIT CSE: front end, evaluations a second by the embedded JIT and by LLVM, and how alike they rank."""
    from gymcc.benchmarks import bench_jitcse

    show(bench_jitcse.bench(count), as_json, "JIT CSE, CPU time of one core")


@app.command()
def nitta(
    seconds: float = typer.Option(3.0, help="CPU time spent on each group of programs.", min=0.1), as_json: Json = False
) -> None:
    """NITTA: steps a second with all options, scores and the observation at every step; front end; a root's options."""
    from gymcc.benchmarks import bench_nitta

    show(bench_nitta.bench(seconds), as_json, "NITTA, CPU time of one core")


@app.command()
def ocaml(
    steps: int = typer.Option(100, help="Flips of a decision per program.", min=1),
    compiled: int = typer.Option(3, help="Vectors of decisions per program for the compiler, if there is one.", min=0),
    as_json: Json = False,
) -> None:
    """OCaml: a step by number of calls, the simulator beside the compiler, what is to be gained over the default."""
    from gymcc.benchmarks import bench_ocaml

    tables = bench_ocaml.bench(steps, compiled)
    if as_json:
        print(json.dumps(tables, indent=2))
        return
    for title, rows in tables.items():
        show(rows, False, title)


@app.command()
def ocaml_fidelity(
    middle_end: str = typer.Option("closure", help="closure or flambda: whose ocamlopt, and the simulator's rules."),
    programs: str = typer.Option("", help="Some of the shipped programs, with commas between; else all."),
    vectors: int = typer.Option(30, help="Random vectors of decisions per program.", min=5),
    workers: int = typer.Option(2, help="Compilations at a time.", min=1, max=64),
    keep: bool = typer.Option(False, "--keep", help="Write the figures into the card of the programs."),
    as_json: Json = False,
) -> None:
    """How well the simulator of OCaml inlining tells what decisions do to a real compiler's programs.

    Half an hour of two cores for all programs; what has been measured is kept, so that it can be broken off.
    """
    from gymcc.benchmarks import ocaml_fidelity

    names = [name.strip() for name in programs.split(",") if name.strip()]
    with progress(len(names) or len(shipped()[SHIPPED]), "fidelity") as told:
        rows = ocaml_fidelity.bench(middle_end, names, vectors, workers, told=told)
    summary = ocaml_fidelity.summary(rows)
    if keep:
        write_fidelity(middle_end, ocaml_fidelity.versions(middle_end), summary, rows)
    tables = {"Programs": rows, "Simulator against ocamlopt": summary}
    if as_json:
        print(json.dumps(tables, indent=2))
        return
    for title, table in tables.items():
        show(table, False, title)


@app.command()
def fidelity(
    nests: int = typer.Option(200, help="Nests per instance and action set.", min=10), as_json: Json = False
) -> None:
    """How well LoopTune's model back end ranks nests as the native one times them."""
    show(fidelity_looptune.bench(nests=nests), as_json, "Model against measured")
