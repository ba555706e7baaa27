"""A training in the background of this machine: a process of its own session, known by number and start time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from gymcc.agents.launch.books import Books


def start(books: Books, python: Path, address: str | None = None, patience: int = 300) -> str:
    """Start the driver, its output going to the run's log; the number of its process. It outlives this one."""
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    environment.pop("GYMCC_NODES", None)
    environment.pop("RAY_ADDRESS", None)
    if address:
        environment["RAY_ADDRESS"] = address
    with books.log.open("ab") as log:
        process = subprocess.Popen(
            [str(python), "-m", "gymcc.agents.launch.driver", str(books.run), "--patience", str(patience)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    return identify(process.pid)


def identify(pid: int) -> str:
    """``pid@ticks``, which no later process shares; just the number where the system does not tell start times."""
    started = _started(pid)
    return f"{pid}@{started}" if started else str(pid)


def alive(job: str) -> bool:
    """Whether the process is still there, a zombie not counted."""
    pid, _, started = job.partition("@")
    with suppress(ChildProcessError):  # reap it where it is our own
        os.waitpid(int(pid), os.WNOHANG)
    return _started(int(pid)) == started and started != ""


def cancel(job: str, seconds: float) -> bool:
    """Have it checkpoint and end; killed with its session after ``seconds``. False if it had to be killed."""
    pid = int(job.partition("@")[0])
    if not alive(job):
        return True
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while alive(job):
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            return False
        time.sleep(0.1)
    return True


def _started(pid: int) -> str:
    """Clock ticks from boot to the start of a process; empty if there is no such process any more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
