"""A run folder on its launch: ``launch/launch.json`` says how it started, ``launch/ended.json`` how it ended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Books:
    """The launch's files in a run folder."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.folder = run / "launch"
        self.log = self.folder / "job.log"
        self.script = self.folder / "job.sh"

    def open(self, facts: dict[str, Any]) -> None:
        """Note how it was launched: ``on``, ``job`` (SLURM's number or the process's) and the like."""
        _write(self.folder / "launch.json", facts)

    def facts(self) -> dict[str, Any]:
        """What :meth:`open` noted; empty if nothing was launched here. Raises ValueError if it cannot be read."""
        return _read(self.folder / "launch.json")

    def begin(self) -> None:
        """A training process starts: what an earlier one ended with is no longer so, nor an earlier job's number."""
        (self.folder / "ended.json").unlink(missing_ok=True)
        facts, job = self.facts(), os.environ.get("SLURM_JOB_ID")
        if job and facts.get("on") == "slurm" and facts["job"] != job:  # submitted again by hand
            self.open({**facts, "job": job})

    def end(self, status: int) -> None:
        """The training process ends with ``status``."""
        if self.folder.is_dir():
            _write(self.folder / "ended.json", {"status": status})

    def status(self) -> int | None:
        """The exit status of the training process; None while it runs, and where it was killed."""
        return _read(self.folder / "ended.json").get("status")


def find(root: Path) -> list[Path]:
    """The run folders under ``root``, two levels deep, that something was launched into."""
    found = {path.parent.parent for depth in ("*", "*/*") for path in root.glob(f"{depth}/launch/launch.json")}
    return sorted(found)


def _write(path: Path, body: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(body, indent=2) + "\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path}: damaged: {error}") from error
    return body
