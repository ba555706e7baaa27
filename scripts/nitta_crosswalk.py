"""`gymcc nitta crosswalk`: the embedded model against traces of a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.scripts.output import Json, show

Traces = Annotated[list[Path], typer.Argument(help="Recorded traces (JSON lines, gzipped or not).", metavar="TRACE...")]
Shown = Annotated[int, typer.Option(help="Differences printed for each trace.", min=0)]


def command(traces: Traces, differences: Shown = 1_000, as_json: Json = False) -> None:
    """Walk recorded traces and print what was compared and every difference; exit status 1 if there is any."""
    from gymcc.envs.nitta.crosswalk import crosswalk

    rows = []
    for path in traces:
        found = crosswalk(path)
        shown = found.differences[:differences]
        row = {
            "trace": path.name,
            "nodes": found.nodes,
            "options": found.options,
            "differences": len(found.differences),
        }
        rows.append({**row, "lines": shown} if as_json else row)
        if not as_json:
            for line in shown:
                typer.echo(f"{path.name} {line}")
    show(rows, as_json, "Embedded model against recorded traces")
    if any(row["differences"] for row in rows):
        raise typer.Exit(1)
