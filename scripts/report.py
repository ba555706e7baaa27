"""`gymcc report`: write a run's report again from its records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.benchmarks.report import write_picture
from gymcc.envs.core.record import intact_records
from gymcc.scripts.environments import make
from gymcc.scripts.verdict import write_report_of

Run = Annotated[Path, typer.Argument(help="A folder with records, or one file of records.")]
Picture = Annotated[Path | None, typer.Option(help="Also draw quality against effort to this SVG file.")]


def command(run: Run, picture: Picture = None) -> None:
    """Write report.html from the newest records of a run, or beside a file of records; measures nothing."""
    folder = run if run.is_dir() else run.parent.parent if run.parent.name == "records" else run.parent
    files = [run] if run.is_file() else sorted((run / "records").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise ValueError(f"{run} has no records; `gymcc evaluate` or `gymcc compare` makes them")
    records = intact_records(files[-1])
    if not records:
        raise ValueError(f"{files[-1]} holds no intact record")
    env = make(records[0].env, **records[0].options)
    print(write_report_of(folder, records, env, f"{folder.name}: methods compared"))
    if picture:
        write_picture(picture, records, last_counts=env.problem.last_counts)
        print(picture)
