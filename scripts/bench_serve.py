"""`gymcc bench serve`: decisions of the orchestrator, measured beside other ways to get them."""

from __future__ import annotations

import json
import sys
from importlib.resources import as_file, files
from typing import Annotated

import typer

from gymcc.scripts.output import Json, show

Seconds = Annotated[float, typer.Option(help="Measured on each path; half as long for each batch size.", min=0.1)]
Ray = Annotated[bool, typer.Option(help="Measure Ray Serve too, which takes half a minute to start.")]
TITLES = {
    "paths": "MLP 128-256-64, batch 1, client in C; medians",
    "batching": "Requests run together, by BATCHSIZE (0: none)",
    "bars": "Bars",
    "left_out": "Left out",
    "machine": "Machine",
}


def command(seconds: Seconds = 2.0, ray: Ray = True, as_json: Json = False) -> None:
    """Decisions a second, latency and the server's CPU, beside Redis, onnxruntime in process, FastAPI and Ray Serve."""
    from gymcc.benchmarks import serving

    serve = [sys.executable, "-m", "gymcc.scripts.main", "serve"]
    with as_file(files("gymcc.agents.serving") / "clients" / "c") as header:
        tables = serving.bench(serve, header, seconds, ray)
    if as_json:
        print(json.dumps(tables, indent=2))
        return
    for name, rows in tables.items():
        if rows:
            show(rows, False, TITLES[name])
