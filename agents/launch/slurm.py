"""SLURM's commands: submit, look, signal, cancel. Each is given 60 seconds, and says what is wrong in one line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60.0
ENDED = (
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "NODE_FAIL",
    "PREEMPTED",
    "OUT_OF_MEMORY",
    "BOOT_FAIL",
    "DEADLINE",
)


UNKNOWN = "Invalid job id"  # what squeue says of a job that it has never had, or no longer
STRANGERS = ("Zero Bytes were transmitted", "authentication", "credential")  # said to hosts that are not trusted


class SlurmError(OSError):
    """SLURM is not there or refuses; the message names the command and what it said."""


@dataclass(frozen=True, slots=True)
class Job:
    """What SLURM knows of a job."""

    state: str  # RUNNING, PENDING, COMPLETED, ... as SLURM has it
    reason: str = ""  # why it waits
    nodes: str = ""
    time: str = ""  # d-hh:mm:ss since its start

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state.split()[0] in ENDED


def submit(script: Path) -> str:
    """The number of the job that now waits or runs; raises :class:`SlurmError`."""
    said = _ask(["sbatch", "--parsable", str(script)])
    number = said.strip().split(";")[0].split("\n")[-1]
    if not number.isdigit():
        raise SlurmError(f"sbatch: unexpected answer {said!r}")
    return number


def look(job: str) -> Job | None:
    """The job's state by squeue, else scontrol, else sacct; None if none of them knows it.

    Raises :class:`SlurmError` where there is no SLURM, or where none knows it and squeue could not be asked.
    """
    try:
        unasked, found = None, _queued(job)
    except SlurmError as error:
        unasked, found = error, None
    found = found or _controlled(job) or _accounted(job)
    if found is None and unasked is not None and UNKNOWN not in str(unasked):
        raise unasked
    return found


def cancel(job: str) -> None:
    """End the job with all its processes, at once."""
    _ask(["scancel", job])


def ask_to_end(job: str) -> None:
    """Send SIGTERM to the batch script alone, which has the training checkpoint before all ends."""
    _ask(["scancel", "--batch", "--signal=TERM", job])


def _queued(job: str) -> Job | None:
    said = _ask(["squeue", "--noheader", f"--jobs={job}", "--states=all", "--format=%T|%r|%N|%M"])
    for line in said.splitlines():
        state, reason, nodes, time = (part.strip() for part in line.split("|"))
        return Job(state, "" if reason == "None" else reason, nodes, time)
    return None


def _controlled(job: str) -> Job | None:
    facts = dict(item.partition("=")[::2] for item in _try(["scontrol", "--oneliner", "show", "job", job]).split())
    if "JobState" not in facts:
        return None
    reason = facts.get("Reason", "")
    return Job(
        facts["JobState"], "" if reason == "None" else reason, facts.get("NodeList", ""), facts.get("RunTime", "")
    )


def _accounted(job: str) -> Job | None:
    """By the accounting storage, or where there is none by the file of completed jobs."""
    columns = ("--noheader", "--parsable2", f"--jobs={job}", "--format=jobid,state,nodelist,elapsed")
    for storage in ((), ("--completion",)):
        rows = [line.split("|") for line in _try(["sacct", *storage, *columns]).splitlines()]
        for row in reversed(rows):  # the last start of a requeued job
            if len(row) == 4 and row[0] == job:
                return Job(row[1], "", row[2], row[3])
    return None


def _try(command: Sequence[str]) -> str:
    try:
        return _ask(command)
    except SlurmError:
        return ""


def _ask(command: Sequence[str]) -> str:
    _require(command[0])
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise SlurmError(f"{command[0]}: no answer from SLURM within {SECONDS:.0f} s; is its controller up?") from error
    if done.returncode != 0:
        lines = (line.removeprefix(f"{command[0]}: ").removeprefix("error: ") for line in done.stderr.splitlines())
        words = "; ".join(line.strip() for line in lines if line.strip())
        raise SlurmError(f"{command[0]}: {words[:400] or f'status {done.returncode}'}{_advice(words)}")
    return done.stdout


def _advice(words: str) -> str:
    if not any(sign in words for sign in STRANGERS):
        return ""
    return " (SLURM does not trust this host: do its clock and its munge key agree with the controller's?)"


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise SlurmError(
            f"no SLURM here: {program} is not on the search path; launch on a login node of the cluster, "
            "look at the script with --dry-run, or train here with --on local"
        )
