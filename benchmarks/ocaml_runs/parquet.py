"""Rows of runs as one Parquet table."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path as File
from typing import Any

from gymcc.benchmarks.ocaml_runs.collecting import read_plan, read_rows


def write_parquet(folder: File) -> File | None:
    """``FOLDER/runs.parquet``, trees as JSON text; None where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        return None
    import pyarrow
    from pyarrow.parquet import write_table

    rows = [_flat(row) for program in read_plan(folder)[0] for row in read_rows(folder, program)]
    path, partial = folder / "runs.parquet", folder / ".runs.parquet"
    write_table(pyarrow.Table.from_pylist(rows), partial)
    partial.replace(path)
    return path


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "decisions": json.dumps(row["decisions"])}
