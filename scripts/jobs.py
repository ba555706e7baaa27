"""`gymcc jobs`: the launched runs and how they are doing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.agents.launch.books import find
from gymcc.agents.launch.state import state
from gymcc.scripts.output import Json, show

Root = Annotated[Path, typer.Argument(help="Folder of run folders.")]
TAIL = 1 << 16  # bytes of the metrics that hold the last row


def command(root: Root = Path("runs"), as_json: Json = False) -> None:
    """List launched runs: state by squeue, else scontrol, else sacct, else by what the run folder says."""
    runs = find(root)
    if not runs and not as_json:
        print(f"nothing was launched under {root}")
        return
    show([_row(run) for run in runs], as_json)


def _row(run: Path) -> dict[str, Any]:
    try:
        found = state(run)
    except OSError as error:  # of a cluster that cannot be asked from here
        return _columns(run, "slurm", None, "UNKNOWN", str(error), "", "")
    return _columns(run, found.on, found.job or None, found.state, found.reason, found.nodes, found.time)


def _columns(run: Path, on: str, job: str | None, state: str, reason: str, nodes: str, time: str) -> dict[str, Any]:
    row = _last_row(run / "metrics.jsonl")
    return {
        "run": str(run),
        "on": on,
        "job": job,
        "state": state,
        "reason": reason or None,
        "nodes": nodes or None,
        "time": time or None,
        "env_steps": row.get("env_steps"),
        "validation_speedup": row.get("validation_speedup"),
    }


def _last_row(metrics: Path) -> dict[str, Any]:
    """The newest complete row of the metrics; empty if there is none."""
    try:
        with metrics.open("rb") as file:
            file.seek(max(0, metrics.stat().st_size - TAIL))
            lines = file.read().split(b"\n")[:-1]
        return dict(json.loads(lines[-1])) if lines else {}
    except (FileNotFoundError, ValueError):
        return {}
