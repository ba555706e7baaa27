"""What sub-commands print: a table for people or, with --json, one JSON document with stable keys."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def show(rows: Sequence[Mapping[str, Any]], as_json: bool, title: str = "") -> None:
    """Print rows that share their keys."""
    if as_json:
        print(json.dumps(list(rows), indent=2))
        return
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for key in rows[0] if rows else []:
        table.add_column(key.replace("_", " "), justify="right" if _is_number(rows[0][key]) else "left")
    for row in rows:
        table.add_row(*(text(value) for value in row.values()))
    Console(width=None if Console().is_terminal else 160, markup=False, emoji=False).print(table)


def invocation() -> str:
    """The command line that is running, to say in a report how to make it again."""
    return shlex.join(["gymcc", *sys.argv[1:]])


def text(value: Any) -> str:
    """A value for a table cell: four significant digits, intervals as a - b, nothing for None."""
    if value is None or value != value:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return " - ".join(text(part) for part in value)
    return str(value)


@contextmanager
def progress(total: int, what: str) -> Iterator[Any]:
    """A progress bar on a terminal, silence elsewhere; yields a function to call with a note after each piece."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda note="": bar.update(task, advance=1, description=f"{what} {note}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
