"""`gymcc bench`: speed and quality, measured side by side in one run."""

from __future__ import annotations

import typer

from gymcc.benchmarks import bench_core, bench_looptune
from gymcc.scripts.output import Json, show

app = typer.Typer(no_args_is_help=True, help="Print speed and quality figures, measured side by side in one run.")


@app.command()
def core(as_json: Json = False) -> None:
    """Overheads of the suite itself: step, fork, import."""
    show(bench_core.bench(), as_json, "Overheads")


@app.command()
def looptune(sizes: str = typer.Option("64:256:16", help="Square sizes, range syntax."), as_json: Json = False) -> None:
    """Code generator against the FMA peak of one core and numpy's BLAS; compile and measuring times; noise."""
    for title, rows in bench_looptune.bench(sizes).items():
        show(rows, as_json, title)
