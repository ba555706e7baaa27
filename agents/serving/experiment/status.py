"""How programs of an experiment stand, by SmartSim's words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

NEW, QUEUED, RUNNING = "New", "Queued", "Running"
COMPLETED, FAILED, CANCELLED = "Completed", "Failed", "Cancelled"
AT_WORK = (QUEUED, RUNNING)
OVER = (COMPLETED, FAILED, CANCELLED)
SLURMS = ("srun: ", "slurmstepd: ")  # begin lines of SLURM's own


class ExperimentError(RuntimeError):
    """An experiment that cannot go on; the message says what failed and where its output is."""


class Started(Protocol):
    """A program that was started, wherever."""

    def status(self) -> str:
        """One of the words above but ``New``."""

    def why(self) -> str:
        """How it ended, if it did: ``exit status 3``, ``signal 9``, or what the cluster calls it."""

    def stop(self) -> None:
        """End it with all its processes, if it is not over, or begin to."""

    def wait(self) -> None:
        """Until it is over, after :meth:`stop`."""


def await_ready(name: str, server: Started, out: Path, seconds: float, poll: float) -> None:
    """Wait until a server says that it is ready in ``out``; raises :class:`ExperimentError` once it is not to be."""
    deadline = time.monotonic() + seconds
    while not (out.is_file() and "ready" in out.read_text(errors="replace")):
        over, late = server.status() not in AT_WORK, time.monotonic() > deadline
        if over or late:
            server.stop()
            how = f"ended, {server.why()}" if over else f"is not ready within {seconds:.0f} s, but {server.status()}"
            raise ExperimentError(f"the server {name} {how}{last_words(out.with_suffix('.err'))}")
        time.sleep(poll)


def last_words(path: Path) -> str:
    """What a program said last, and where the rest is."""
    lines = path.read_text(errors="replace").strip().splitlines() if path.is_file() else []
    lines = [line for line in lines if not line.startswith(SLURMS)] or lines
    return (f": {lines[-1][:300]}" if lines else "") + f" (see {path})"
