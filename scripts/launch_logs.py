"""`gymcc logs`: what a launched run says."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from gymcc.agents.launch.books import Books
from gymcc.agents.launch.state import at_work, state

Run = Annotated[Path, typer.Argument(help="Run folder of a launch.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on printing until the run ends.")]
PIECE = 1 << 16
LOOK_SECONDS = 5.0  # between questions to SLURM


def command(run: Run, follow: Follow = False) -> None:
    """Print the log of a launched run; with --follow until it ends."""
    books = Books(run)
    found = state(run)
    if not books.log.exists():
        print(f"{run}: no output yet; {found.state.lower()} {found.reason}".rstrip(), file=sys.stderr)
    position = _print(books.log, 0)
    asked = time.monotonic()
    working = follow and found.at_work
    while working:
        time.sleep(0.5)
        if time.monotonic() - asked > LOOK_SECONDS:
            with suppress(OSError):  # SLURM does not answer: ask again
                working = at_work(run)
            asked = time.monotonic()
        position = _print(books.log, position)


def _print(log: Path, position: int) -> int:
    """Print from a byte on; the byte after the last one printed."""
    try:
        with log.open("rb") as file:
            file.seek(position)
            while piece := file.read(PIECE):
                position += len(piece)
                sys.stdout.write(piece.decode(errors="replace"))
    except FileNotFoundError:
        return position
    sys.stdout.flush()
    return position
