"""`gymcc cancel`: end a launched run, with a checkpoint to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.agents.launch.state import cancel

Run = Annotated[Path, typer.Argument(help="Run folder of a launch.")]
Seconds = Annotated[float, typer.Option(help="For its last checkpoint; after that it is killed.")]


def command(run: Run, seconds: Seconds = 60.0) -> None:
    """End a launched run: it finishes its iteration, leaves a checkpoint, and --resume goes on from there."""
    print(cancel(run, seconds))
