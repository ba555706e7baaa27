"""The run folder: what a training leaves behind, and what it needs to go on.

``config.yaml``, ``run.json`` (seeds, versions, instances trained on), ``metrics.jsonl``, ``policy.onnx`` and
``policy.json`` (best on validation), ``checkpoints/<iteration>/`` (RLlib's state, ``state.json``, that iteration's
policy), and ``failures.json`` where a live compiler failed on instances. RLlib's state is pickled: resume only run
folders of your own making; exported policies are safe to share.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gymcc.agents.config import Experiment, dump, load

FAILURES = "failures.json"
LOCK_SECONDS = 5.0  # for a training that is just ending, such as the one of a requeued job, to let go


class RunFolderError(ValueError):
    """A run folder that exists where none may, or is missing what it should hold."""


class RunFolder:
    """Paths and atomic writes of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.metrics = path / "metrics.jsonl"

    @classmethod
    def require_free(cls, path: Path) -> None:
        """Raise :class:`RunFolderError` if something is at ``path`` already."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunFolderError(f"{path}: exists already; choose another folder, or resume this run")

    @classmethod
    def create(cls, path: Path, experiment: Experiment, facts: dict[str, Any]) -> RunFolder:
        """A new folder; raises :class:`RunFolderError` if something is there already."""
        cls.require_free(path)
        folder = cls(path)
        folder.checkpoints.mkdir(parents=True)
        (path / "config.yaml").write_text(dump(experiment))
        folder.write_json("run.json", facts)
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing folder; raises :class:`RunFolderError` if there is nothing to resume from."""
        folder = cls(path)
        if not (path / "config.yaml").is_file():
            raise RunFolderError(f"{path}: not a run folder (no config.yaml)")
        return folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Within, no other training may work here; raises :class:`RunFolderError` if one does. Ends with the process.

        Where the file system knows no locks, nothing is locked.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        with (self.path / ".lock").open("a+") as file:
            while not _try_lock(file.fileno()):
                if time.monotonic() > deadline:
                    file.seek(0)
                    raise RunFolderError(f"{self.path}: another training is at work here: {file.read().strip()}")
                time.sleep(0.1)
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
            yield

    def experiment(self) -> Experiment:
        """The run's resolved config."""
        return load(self.path / "config.yaml")

    def write_json(self, name: str, body: dict[str, Any]) -> None:
        """Replace a file in one step."""
        partial = self.path / f".{name}"
        partial.write_text(json.dumps(body, indent=2) + "\n")
        os.replace(partial, self.path / name)

    def leave_out(self, *failures: Mapping[str, str]) -> dict[str, int]:
        """Add instances that cannot be used, and why, to ``failures.json``; their number for a row of metrics."""
        known = self.read_json(FAILURES)
        listed = len(known)
        for more in failures:
            known |= more
        if len(known) > listed:
            self.write_json(FAILURES, known)
        return {"left_out": len(known)} if known else {}

    def read_json(self, name: str) -> dict[str, Any]:
        """A file written by :meth:`write_json`, empty if there is none; raises :class:`RunFolderError`."""
        path = self.path / name
        if not path.is_file():
            return {}
        try:
            body: dict[str, Any] = json.loads(path.read_text())
        except ValueError as error:
            raise RunFolderError(f"{path}: damaged: {error}") from error
        return body

    def publish(self, iteration: int, write: Callable[[Path], None], keep: int) -> Path:
        """Have ``write`` fill a checkpoint, make it visible in one step, and drop all but the newest ``keep``."""
        partial = self.checkpoints / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            write(partial)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            kept = self.latest()
            whole = f"{kept.name} is whole, and resuming goes on from it" if kept else "there is none yet"
            raise RunFolderError(f"{self.path}: cannot write a checkpoint: {_reason(error)}; {whole}") from error
        final = self.checkpoints / f"{iteration:06d}"
        shutil.rmtree(final, ignore_errors=True)
        os.replace(partial, final)
        for old in self._published()[:-keep]:
            shutil.rmtree(old)
        return final

    def latest(self, before: Path | None = None) -> Path | None:
        """The newest complete checkpoint, or the newest one ``before`` another."""
        return next((path for path in reversed(self._published()) if before is None or path.name < before.name), None)

    def _published(self) -> list[Path]:
        return sorted(p for p in self.checkpoints.glob("[0-9]*") if (p / "state.json").is_file())

    def log(self, row: dict[str, Any]) -> None:
        """Append a row of metrics."""
        with self.metrics.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows logged so far; a torn last line of a killed run is left out."""
        if self.metrics.is_file():
            for line in self.metrics.read_text().splitlines():
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    return

    def forget_after(self, iteration: int) -> None:
        """Drop rows of iterations that no checkpoint holds, before they are done again."""
        kept = [row for row in self.rows() if row["iteration"] <= iteration]
        partial = self.path / ".metrics.jsonl"
        partial.write_text("".join(json.dumps(row) + "\n" for row in kept))
        os.replace(partial, self.metrics)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    return True


def _reason(error: OSError) -> str:
    return "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else " ".join(str(error).split())[:200]
