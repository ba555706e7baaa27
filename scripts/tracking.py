"""`gymcc wandb`: send runs that were logged offline to Weights & Biases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Runs at Weights & Biases: send what was logged offline.")
Runs = Annotated[list[Path], typer.Argument(help="Run folders of `gymcc train`.")]


@app.callback()
def group() -> None:
    """Runs at Weights & Biases: send what was logged offline."""


@app.command("sync")
def command(runs: Runs) -> None:
    """Send what these runs logged offline, or while the service was away; what is there already is not sent again.

    The key is read from WANDB_API_KEY or netrc, the service from WANDB_BASE_URL.
    """
    from gymcc.agents.tracking.sync import sync

    for run in runs:
        sent = sync(run, lambda text: print(text, flush=True))
        print(f"{run}: {len(sent)} sent" if sent else f"{run}: nothing to send")
