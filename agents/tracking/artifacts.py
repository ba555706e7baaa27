"""What a run keeps at Weights & Biases: its policy, versioned with its config, and checkpoints to go on from."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymcc.agents.config import ConfigError
from gymcc.agents.tracking.service import host

if TYPE_CHECKING:
    from gymcc.agents.tracking.tracker import Tracker

POLICY, CHECKPOINT = "policy", "checkpoint"  # types of artifact; their names end in the run's id
ABOUT = ("config.yaml", "run.json")
EVERY = 600.0  # seconds between uploads while training


class Uploads:
    """Sends a run folder's policy and newest checkpoint, not more often than every ten minutes until the end."""

    def __init__(self, tracker: Tracker, folder: Path) -> None:
        self._tracker, self._folder, self._last = tracker, folder, time.monotonic()

    def offer(self, checkpoint: Path | None, validation: Mapping[str, Any], final: bool = False) -> None:
        """Called after every checkpoint; ``final`` sends whatever the time."""
        if not final and time.monotonic() - self._last < EVERY:
            return
        self._last = time.monotonic()
        if (self._folder / "policy.onnx").is_file():
            self._tracker.files(POLICY, self._folder, ["policy.onnx", "policy.json", *ABOUT], validation)
        if checkpoint is not None:
            names = [*ABOUT, "metrics.jsonl", str(checkpoint.relative_to(self._folder))]
            names += [name for name in ("policy.onnx", "policy.json") if (self._folder / name).is_file()]
            self._tracker.files(CHECKPOINT, self._folder, names, {"iteration": int(checkpoint.name)})


def fetch_checkpoint(run: Mapping[str, str], folder: Path) -> Path:
    """Make ``folder`` the run folder that the W&B run last uploaded; raises :class:`ConfigError`.

    Checkpoints hold pickles: fetch only runs of your own.
    """
    import wandb

    name = f"{run['entity']}/{run['project']}/{CHECKPOINT}-{run['id']}:latest"
    try:
        wandb.Api().artifact(name, type=CHECKPOINT).download(str(folder))
    except (wandb.errors.Error, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"W&B at {host()}: cannot fetch the checkpoint {name}: {reason}") from error
    if not (folder / "config.yaml").is_file():
        raise ConfigError(f"W&B at {host()}: {name} is no checkpoint of gymcc (no config.yaml)")
    return folder
