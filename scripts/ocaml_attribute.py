"""`gymcc ocaml attribute`: what each decision is worth, from runs of `gymcc ocaml collect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.scripts.ocaml_collect import Pool, Workers, measuring
from gymcc.scripts.output import Json, progress, show

Runs = Annotated[Path, typer.Argument(help="Folder that `gymcc ocaml collect` filled.", metavar="RUNS")]
Out = Annotated[Path, typer.Option(help="Where values.jsonl, fits.jsonl and summary.json go.")]


def command(runs: Runs, out: Out, workers: Workers = 1, pool: Pool = "processes", as_json: Json = False) -> None:
    """Fit the worth of decisions to runs by all settings, and compile the trees that they say are best.

    Columns are costs in shares of the default's: the searches' first and best tree, and what is decoded by the setting
    that is best for the program (star), for all together (general), and by the original's two choices by hand.
    """
    from gymcc.benchmarks.ocaml_rewards import GRID, samples_of
    from gymcc.benchmarks.ocaml_rewards.files import summary, write
    from gymcc.benchmarks.ocaml_rewards.selection import attempt
    from gymcc.benchmarks.ocaml_runs.collecting import read_plan, read_rows

    programs, _, spec = read_plan(runs)
    tried = []
    with measuring(spec, workers, pool) as measure, progress(len(programs), "programs") as advance:
        for program in programs:
            tried.append(attempt(samples_of(program, read_rows(runs, program)), GRID, measure))
            advance(program)
    write(out, tried)
    show(summary(tried), as_json)
