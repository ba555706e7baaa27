"""Sending what a run has logged offline, or while the service was away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gymcc.agents.config import ConfigError
from gymcc.agents.rllib.folder import RunFolder
from gymcc.agents.tracking.service import has_key, host


def pending(run: Path) -> list[Path]:
    """The folders of a run that W&B has not taken, oldest first."""
    parts = [path for path in (run / "wandb").glob("*run-*") if any(path.glob("run-*.wandb"))]
    return sorted((p for p in parts if not any(p.glob("*.synced"))), key=lambda path: path.name.split("run-")[1])


def sync(run: Path, tell: Callable[[str], None]) -> list[Path]:
    """Send what is pending, in the order it was logged, and mark it as sent; returns what was sent.

    Raises :class:`ConfigError` without a key, if the service refuses, or while a training is at work in the folder.
    """
    folder = RunFolder.open(run)
    with folder.locked():
        parts = pending(run)
        if parts and not has_key():
            raise ConfigError(f"no key for W&B at {host()}: set WANDB_API_KEY, or `wandb login` writes netrc")
        for part in parts:
            tell(f"sending {part.name}")
            _send(part)
    return parts


def _send(part: Path) -> None:
    command = [sys.executable, "-m", "wandb", "sync", "--yes", "--include-online", str(part)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode or not any(part.glob("*.synced")):
        told = (done.stderr or done.stdout).strip().splitlines()
        raise ConfigError(f"W&B at {host()} did not take {part.name}: {told[-1] if told else 'no reason given'}")
