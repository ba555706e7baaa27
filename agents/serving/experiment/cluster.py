"""Programs of an experiment as SLURM jobs, a job each; servers of theirs beside them on every node, or one for all."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from gymcc.agents.launch import slurm
from gymcc.agents.serving.experiment.status import CANCELLED, COMPLETED, FAILED, RUNNING

READY = 60  # seconds for a server beside a program
HOST = "{name}.host"  # file that a job writes its node's address to

# One server a node, and the program once its server is there; both end with the job's step.
BESIDE = """socket=$(mktemp -d)/gymcc.sock
{serve} --unix "$socket" > "{log}.$SLURM_NODEID" 2>&1 & server=$!
trap 'kill $server; wait $server; rm -rf "$(dirname "$socket")"' EXIT
for _ in $(seq {ready}0); do [ -S "$socket" ] && break; kill -0 $server || exit 1; sleep 0.1; done
SSDB="unix://$socket" SR_DB_TYPE=Standalone {program}
"""


class ClusterProgram:
    """A submitted job; see :class:`gymcc.agents.serving.experiment.status.Started`."""

    def __init__(self, job: str) -> None:
        self.job = job
        self._stopped = False

    def status(self) -> str:
        found = slurm.look(self.job)
        if found is None or not found.ended:
            return CANCELLED if self._stopped else RUNNING
        if found.state.startswith("COMPLETED"):
            return COMPLETED
        return CANCELLED if found.state.startswith("CANCELLED") else FAILED

    def stop(self) -> None:
        if self.status() == RUNNING:
            self._stopped = True
            slurm.cancel(self.job)


def submit(
    name: str,
    command: Sequence[str],
    folder: Path,
    scripts: Path,
    variables: Mapping[str, str | None],
    options: Mapping[str, str | int | None],
    beside: Sequence[str] | None = None,
) -> ClusterProgram:
    """Submit ``command`` to run once on every node of its job; ``beside``: the command of a server on each.

    The script ``NAME.sh`` in ``scripts`` is for its owner alone, for ``variables`` may hold a password.
    """
    script = scripts / f"{name}.sh"
    script.touch(mode=0o600)
    script.write_text(batch(name, command, folder, scripts, variables, options, beside))
    return ClusterProgram(slurm.submit(script))


def batch(
    name: str,
    command: Sequence[str],
    folder: Path,
    scripts: Path,
    variables: Mapping[str, str | None],
    options: Mapping[str, str | int | None],
    beside: Sequence[str] | None,
) -> str:
    """The text of the batch script."""
    asked = {"job-name": name, "output": scripts / f"{name}.out", "error": scripts / f"{name}.err", **options}
    lines = ["#!/bin/bash"]
    lines += [f"#SBATCH --{key}" + ("" if value is None else f"={value}") for key, value in asked.items()]
    lines += [f"cd {shlex.quote(str(folder))}"]
    for key, value in variables.items():
        lines.append(f"unset {key}" if value is None else f"export {key}={shlex.quote(value)}")
    lines.append(f"hostname --ip-address | cut -d' ' -f1 > {shlex.quote(str(scripts / HOST.format(name=name)))}")
    program = shlex.join(command)
    if beside is not None:
        log = scripts / f"{name}.server"
        step = BESIDE.format(serve=shlex.join(beside), log=log, ready=READY, program=program)
        lines.append(f"srun --ntasks-per-node=1 bash -c {shlex.quote(step)}")
    else:
        lines.append(f"srun --ntasks-per-node=1 {program}")
    return "\n".join(lines) + "\n"


def host_of(name: str, scripts: Path) -> str:
    """The address of the node that a started job runs on; empty until it runs."""
    path = scripts / HOST.format(name=name)
    text = path.read_text().strip() if path.is_file() else ""
    return os.environ.get("GYMCC_HEAD_IP", text) if text else ""
