"""`gymcc list`: the registered environments and datasets."""

from __future__ import annotations

from importlib import import_module

from gymcc.envs.registry import ROWS
from gymcc.scripts.output import Json, show


def command(as_json: Json = False) -> None:
    """List environments and the datasets each draws from."""
    rows = []
    for row in ROWS:
        datasets = import_module(f"{row.module}.dataset").shipped()
        names = [f"{name} ({len(dataset)})" for name, dataset in datasets.items()]
        rows.append({"id": row.id, "summary": row.summary, "datasets": names if as_json else ", ".join(names)})
    show(rows, as_json)
