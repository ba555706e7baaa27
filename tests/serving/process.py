"""`gymcc serve` in a process of its own, which can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Served:
    """The process, on a Unix socket and a port, with ``options`` of the command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self.start()

    def start(self) -> None:
        """Start; clients may come when this returns."""
        command = [sys.executable, "-m", "gymcc.scripts.main", "serve", "--backends", "ONNX", "--port", "0"]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--unix", str(self._folder / "s"), *self._options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        line = self.process.stdout.readline().split()
        assert line[:1] == ["ready"], (self._folder / "log").read_text()
        self.unix, self.tcp = line[1:]

    def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def resident(self) -> int:
        """Bytes of memory that it holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """A server while the context lasts."""
    found = Served(folder, *options)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()


def processes_in(folder: Path) -> list[str]:
    """Command lines of what runs in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
