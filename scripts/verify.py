"""`gymcc verify`: replay records and name what does not hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.envs.core.problem import Problem
from gymcc.envs.core.record import read_records
from gymcc.envs.core.verify import verify
from gymcc.scripts.output import Json, show

Files = Annotated[list[Path], typer.Argument(help="Record files (JSON lines), or run folders.")]


def command(files: Files, as_json: Json = False) -> None:
    """Replay every record: actions legal, states and costs equal, the artefact computes what the original does.

    Exit status 1 if any record fails. Measured costs are compared on the machine they were taken on, within 30 %.
    """
    known: dict[str, Problem[Any]] = {}
    rows = []
    for path in _expanded(files):
        for number, (record, broken) in enumerate(read_records(path), 1):
            faults = [f"{name}: does not match its seal" for name in broken] or verify(record, known)
            rows.append({"file": str(path), "record": number, "instance": record.instance, "method": record.method,
                         "ok": not faults, "faults": faults})  # fmt: skip
    failed = [row for row in rows if row["faults"]]
    if as_json:
        show(rows, True)
    else:
        for row in failed:
            print(f"{row['file']}:{row['record']} {row['method']} on {row['instance']}: {'; '.join(row['faults'])}")
        print(f"{len(rows) - len(failed)} of {len(rows)} records hold")
    if failed or not rows:
        sys.exit(1)


def _expanded(files: list[Path]) -> list[Path]:
    paths: list[Path] = []
    for path in files:
        paths += sorted((path / "records").glob("*.jsonl")) if path.is_dir() else [path]
    if not paths:
        raise ValueError(f"no records in {', '.join(map(str, files))}")
    return paths
