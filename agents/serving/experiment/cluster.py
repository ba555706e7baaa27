"""Programs of an experiment as SLURM jobs, a job each, whose books are those of ``gymcc launch``.

So ``gymcc jobs FOLDER`` lists what an experiment started, and ``gymcc cancel FOLDER/NAME`` ends it, even where the
experiment's own process is gone.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gymcc.agents.launch import slurm
from gymcc.agents.launch.books import Books
from gymcc.agents.launch.state import at_work, state
from gymcc.agents.serving.experiment import batch
from gymcc.agents.serving.experiment.database import Orchestrator
from gymcc.agents.serving.experiment.entity import Model
from gymcc.agents.serving.experiment.status import (
    AT_WORK,
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    RUNNING,
    ExperimentError,
    Started,
    await_ready,
)

POLL_SECONDS = 1.0
READY_SECONDS = 600.0  # for a server, which may have to queue
STOP_SECONDS = 90.0  # for jobs that are cancelled; SLURM kills after its KillWait, 30 s
WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "SUSPENDED")
ENDED_BY_SOMEBODY = ("CANCELLED", "STOPPED", "PREEMPTED", "REVOKED")


@dataclass
class ClusterProgram:
    """A submitted job, by the folder of its books; see :class:`gymcc.agents.serving.experiment.status.Started`."""

    folder: Path
    job: str
    _last: str = QUEUED
    _word: str = ""  # SLURM's
    _stopped: bool = False

    def status(self) -> str:
        if self._last in AT_WORK:
            try:
                self._word = state(self.folder).state.split()[0]
            except slurm.SlurmError:  # a controller that is being restarted: the job goes on
                return self._last
            self._last = CANCELLED if self._stopped and _told(self._word) == FAILED else _told(self._word)
        return self._last

    def why(self) -> str:
        code = Books(self.folder).status()
        if code is None or self._word not in ("COMPLETED", "FAILED", "CANCELLED", "UNKNOWN"):
            return self._word.lower().replace("_", " ")  # "timeout" says more than the signal that came of it
        return batch.ended(code)

    def stop(self) -> None:
        if self.status() in AT_WORK:
            self._stopped = True
            slurm.cancel(self.job)

    def wait(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while self.status() in AT_WORK and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 4)


@dataclass
class Beside:
    """The servers beside the programs, which come and go with them; ``Running`` means that there will be some."""

    _stopped: bool = False

    def status(self) -> str:
        return CANCELLED if self._stopped else RUNNING

    def why(self) -> str:
        return ""

    def stop(self) -> None:
        self._stopped = True

    def wait(self) -> None:
        """Nothing to wait for."""


def check(folder: Path) -> None:
    """Raise :class:`ExperimentError` without a SLURM, or if an earlier job of the folder still waits or runs.

    Raises SlurmError if that cannot be told.
    """
    if shutil.which("sbatch") is None:
        raise ExperimentError(
            "no SLURM here: sbatch is not on the search path; run this on a login node of the cluster, or with "
            'launcher="local"'
        )
    facts = Books(folder).facts()
    if facts and at_work(folder):
        raise ExperimentError(
            f"{folder.name} runs already as job {facts['job']}, which an earlier start left; `gymcc cancel {folder}` "
            "ends it"
        )


def serve(database: Orchestrator, folder: Path) -> tuple[Started, str | None]:
    """A server where the programs reach it, and its address; None for one beside each of them.

    Raises :class:`ExperimentError` if it does not come up, SlurmError, ValueError.
    """
    if database.unix_socket is not None:
        raise ValueError("on a cluster servers choose their sockets: give the Orchestrator a port, or nothing")
    if database.port is None:
        return Beside(), None
    script = batch.Script(database.name, database.on_network(), folder, port=database.port)
    server = submit(folder, script, {"GYMCC_PASSWORD": database.password}, database.run_args)
    try:
        await_ready(database.name, server, batch.output(folder), READY_SECONDS, POLL_SECONDS)
    except BaseException:
        server.stop()
        server.wait()
        raise
    return server, batch.address_file(folder).read_text().strip()


def run(
    model: Model, command: Sequence[str], variables: Mapping[str, str | None], database: Orchestrator | None
) -> ClusterProgram:
    """A program as a job, with a server on each of its nodes if there is a database that is not shared."""
    beside = database.beside() if database is not None and database.port is None else None
    if database is not None and beside is None:
        variables = {"GYMCC_PASSWORD": database.password, **variables}
    script = batch.Script(model.name, command, model.path, beside)
    return submit(model.folder, script, variables, model.run_settings.run_args)


def submit(
    folder: Path, script: batch.Script, variables: Mapping[str, str | None], options: Mapping[str, str | int | None]
) -> ClusterProgram:
    """Submit a script, with the books in ``folder``; raises SlurmError, ValueError.

    The script is for its owner alone, for ``variables`` may hold a password.
    """
    books, text, out = Books(folder), batch.text(script, folder, variables, options), batch.output(folder)
    books.folder.mkdir(parents=True, exist_ok=True)
    books.begin()
    for stale in (books.script, books.log, out, out.with_suffix(".err"), batch.address_file(folder)):
        stale.unlink(missing_ok=True)
    books.script.touch(mode=0o600)
    books.script.write_text(text)
    books.log.symlink_to(out)
    job = slurm.submit(books.script)
    try:
        books.open({"on": "slurm", "job": job, "command": " ".join(script.command)})
    except OSError:
        slurm.cancel(job)
        raise
    return ClusterProgram(folder, job)


def _told(word: str) -> str:
    """SmartSim's word for one of SLURM's."""
    if word == "COMPLETED":
        return COMPLETED
    if word in ENDED_BY_SOMEBODY:
        return CANCELLED
    if word in WAITING:
        return QUEUED
    return FAILED if word in (*slurm.ENDED, "UNKNOWN") else RUNNING
