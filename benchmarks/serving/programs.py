"""Servers as child processes that do not outlive the benchmark, however it ends, and the processor time they take."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from gymcc.envs.core.toolchain import launcher

STOP_SECONDS = 10.0
LAST_WORDS = 500  # characters of a server's log in an error


class ServerDied(RuntimeError):
    """A server that did not come up; the message has the end of its log."""


class Program:
    """A running server behind the launcher of :mod:`gymcc.envs.core.toolchain`, in its folder."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name, self._log = name, folder / f"{name.replace(' ', '-')}.log"
        scratch = tempfile.mkdtemp(prefix="gymcc-")
        watched = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), scratch, "-", "-", "-"]
        with self._log.open("wb") as log:
            self._launcher = subprocess.Popen(
                [*watched, *command],
                cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Until ``ready``; raises :class:`ServerDied` if it ends or is not ready after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not ready():
            ended = self._launcher.poll() is not None
            if ended or time.monotonic() > deadline:
                how = "ended before it was ready" if ended else f"was not ready after {seconds:g} s"
                raise ServerDied(f"{self.name} {how}: {self.log().strip()[-LAST_WORDS:]}")
            time.sleep(0.02)

    def log(self) -> str:
        """What it has written."""
        return self._log.read_text(errors="replace")

    def cpu_seconds(self) -> float:
        """Processor time of the server with all it has started, so far."""
        return sum(map(_cpu_seconds, descendants(self._launcher.pid)))

    def stop(self) -> None:
        """Ask it to end, and see to it that it does."""
        for pid in descendants(self._launcher.pid)[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            self._launcher.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._launcher.terminate()  # the launcher kills the server's process group
            self._launcher.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def listens(path: Path) -> Callable[[], bool]:
    """Whether somebody accepts connections at a Unix socket, to be asked again and again."""

    def ask() -> bool:
        with socket.socket(socket.AF_UNIX) as peer:
            return peer.connect_ex(str(path)) == 0

    return ask


def descendants(pid: int) -> list[int]:
    """Processes that this one has started, and those that they have, parents first."""
    found: list[int] = []
    for tasks in _read(f"/proc/{pid}/task", "*/children"):
        for child in map(int, tasks.split()):
            found += [child, *descendants(child)]
    return found


def _cpu_seconds(pid: int) -> float:
    """By the scheduler, in nanoseconds; by the kernel's ticks of 10 ms where it does not tell."""
    if told := _read(f"/proc/{pid}/task", "*/schedstat"):
        return sum(int(task.split()[0]) for task in told) / 1e9
    for stat in _read(f"/proc/{pid}", "stat"):
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _read(folder: str, pattern: str) -> list[str]:
    """Contents of files of /proc, those left out that have gone."""
    texts = []
    for file in Path(folder).glob(pattern):
        with suppress(OSError):
            texts.append(file.read_text())
    return texts
