"""How a launched run is doing, by SLURM or the process table, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from gymcc.agents.launch import local, slurm
from gymcc.agents.launch.books import Books

STOPPED = 130  # exit status of a driver that was told to end
OUTCOMES = {0: "COMPLETED", STOPPED: "STOPPED"}


@dataclass(frozen=True, slots=True)
class State:
    """A launched run."""

    on: str  # slurm or local
    job: str  # SLURM's number, or the process as :func:`local.identify` has it
    state: str  # SLURM's words; STOPPED: ended early with a checkpoint
    reason: str = ""
    nodes: str = ""
    time: str = ""

    @property
    def at_work(self) -> bool:
        """Whether it waits or runs."""
        return self.state.split()[0] not in (*slurm.ENDED, "STOPPED", "KILLED", "UNKNOWN", "NOT")


def state(run: Path) -> State:
    """What is known of the launch in a run folder; raises ValueError if nothing was launched there, SlurmError."""
    books = Books(run)
    facts = books.facts()
    if not facts:
        raise ValueError(f"{run}: nothing was launched here (no launch/launch.json)")
    job = facts.get("job")
    if job is None:
        return State(facts["on"], "", "NOT SUBMITTED", f"sbatch {books.script}")
    return _local(books, job) if facts["on"] == "local" else _slurm(books, job)


def at_work(run: Path) -> bool:
    """Whether a launch in the folder waits or runs."""
    return bool(Books(run).facts()) and state(run).at_work


def cancel(run: Path, seconds: float) -> str:
    """Have the run checkpoint and end, by force after ``seconds``; a line that says how it went."""
    found = state(run)
    if not found.at_work:
        return f"{run}: nothing to cancel: {found.state.lower()}"
    gently = local.cancel(found.job, seconds) if found.on == "local" else _cancel_slurm(run, found, seconds)
    if gently and Books(run).status() is None:  # it had not come far enough to say so itself
        Books(run).end(STOPPED)
    return f"{run}: {'ended' if gently else f'killed, since it did not end within {seconds:.0f} s'}"


def _cancel_slurm(run: Path, found: State, seconds: float) -> bool:
    """SIGTERM to all would end Ray before the checkpoint; so the batch script is told first."""
    if found.state not in ("RUNNING", "COMPLETING"):
        slurm.cancel(found.job)
        return True
    if found.state == "RUNNING":
        slurm.ask_to_end(found.job)
    deadline = time.monotonic() + seconds
    while state(run).at_work:
        if time.monotonic() > deadline:
            slurm.cancel(found.job)
            return False
        time.sleep(0.5)
    return True


def _local(books: Books, job: str) -> State:
    return State("local", job, "RUNNING" if local.alive(job) else _outcome(books, "KILLED"))


def _slurm(books: Books, job: str) -> State:
    known = slurm.look(job)
    if known is None:
        return State("slurm", job, _outcome(books, "UNKNOWN"), "SLURM has forgotten this job")
    told = _outcome(books, known.state) if known.state == "FAILED" else known.state  # to stop is no failure
    return State("slurm", job, told, known.reason, known.nodes, known.time)


def _outcome(books: Books, otherwise: str) -> str:
    status = books.status()
    return otherwise if status is None else OUTCOMES.get(status, "FAILED")
