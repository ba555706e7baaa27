"""Programs of an experiment on this machine: each a process group that does not outlive the experiment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gymcc.agents.serving.experiment.database import Orchestrator
from gymcc.agents.serving.experiment.entity import Model
from gymcc.agents.serving.experiment.status import (
    CANCELLED,
    COMPLETED,
    FAILED,
    RUNNING,
    ExperimentError,
    Started,
    await_ready,
)
from gymcc.envs.core.toolchain import launcher

POLL_SECONDS = 0.05
READY_SECONDS = 60.0  # for a server
STOP_SECONDS = 10.0  # for a program that is asked to end


class LocalProgram:
    """A running program; see :class:`gymcc.agents.serving.experiment.status.Started`. ``scratch`` goes when it ends."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str | None],
        out: Path,
        err: Path,
        scratch: Path,
    ) -> None:
        changed = {**os.environ, **variables}
        environment = {name: value for name, value in changed.items() if value is not None}
        watched = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), str(scratch), "-", "-", "-"]
        with out.open("wb") as output, err.open("wb") as errors:
            self._process = subprocess.Popen(
                [*watched, *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        self._stopped = False

    def status(self) -> str:
        code = self._process.poll()
        if code is None:
            return RUNNING
        return CANCELLED if self._stopped else COMPLETED if code == 0 else FAILED

    def why(self) -> str:
        code = self._process.poll()
        return "" if code is None else f"signal {-code}" if code < 0 else f"exit status {code}"

    def stop(self) -> None:
        if self._process.poll() is not None:
            return
        self._stopped = True
        deadline = time.monotonic() + STOP_SECONDS
        asked: set[int] = set()
        while self._process.poll() is None and time.monotonic() < deadline:
            for program in _programs(self._process.pid) - asked:  # a launcher just started has none yet
                asked.add(program)
                with suppress(ProcessLookupError):
                    os.killpg(program, signal.SIGTERM)
            time.sleep(0.02)
        self._process.terminate()  # the launcher kills what does not end by itself
        self._process.wait()

    def wait(self) -> None:
        self._process.wait()


def _programs(pid: int) -> set[int]:
    """What the launcher of that number has started; not while it is still a copy of the launcher, deaf to signals."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        own = Path(f"/proc/{pid}/cmdline").read_bytes()
        return {int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes() != own}
    except OSError:
        return set()


def check(folder: Path) -> None:
    """Nothing of an earlier start can still run here: it ended with its experiment."""


def serve(database: Orchestrator, folder: Path) -> tuple[Started, str | None]:
    """A server on this machine, and its address; raises :class:`.ExperimentError` if it does not come up."""
    _require_free(database.port)
    scratch = _scratch()
    command, address = database.on_loopback(scratch)
    out, err = (folder / f"{database.name}.{kind}" for kind in ("out", "err"))
    server = LocalProgram(command, folder, {}, out, err, scratch)
    try:
        await_ready(database.name, server, out, READY_SECONDS, POLL_SECONDS)
    except BaseException:
        server.stop()
        raise
    return server, address


def run(
    model: Model, command: Sequence[str], variables: Mapping[str, str | None], database: Orchestrator | None
) -> LocalProgram:
    """A program beside the one server that all of this machine share."""
    return LocalProgram(command, model.path, variables, model.out, model.err, _scratch())


def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="gymcc-"))


def _require_free(port: int | None) -> None:
    if port is None:
        return
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ExperimentError(f"port {port} is taken on this machine; give the Orchestrator another")
