"""A SLURM of two nodes for tests, all on this machine (``cluster.sh``): a test file imports ``cluster`` to use it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CLUSTER = Path(__file__).with_name("cluster.sh")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")
PATIENCE = 240.0  # seconds for anything to happen on a loaded machine


def lacking() -> str:
    """Why SLURM cannot run here; empty if it can."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    return f"no {', '.join(missing)}: apt-get install slurm-wlm munge" if missing else ""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for run folders, with SLURM_CONF set; skipped unless GYMCC_REQUIRE_SLURM is set, as CI does."""
    if not os.environ.get("GYMCC_REQUIRE_SLURM"):
        pytest.skip("set GYMCC_REQUIRE_SLURM=1 to bring up a two-node SLURM on this machine (slurm-wlm, munge)")
    if reason := lacking():
        pytest.fail(f"GYMCC_REQUIRE_SLURM is set, and there is {reason}")
    pytest.importorskip("ray")
    folder = tmp_path_factory.mktemp("slurm")
    # one at a time on this machine: both would have a job 2, and so the same scratch folders
    with open(Path(tempfile.gettempdir()) / "two-nodes.lock", "w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        try:
            subprocess.run([CLUSTER, "up", folder], check=True, timeout=60)
            yield folder
        finally:
            subprocess.run([CLUSTER, "down", folder], check=True, timeout=60)


def slurm(*command: str) -> str:
    """What one of SLURM's commands prints."""
    return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout.strip()


def job_state(job: str) -> str:
    """RUNNING, PENDING, COMPLETED, ... as SLURM has it."""
    return slurm("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T")


def until(what: Callable[[], Any], said: Callable[[], str] = str) -> Any:
    """Wait for something; where it does not come, fail with the end of what was ``said`` so far."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain; the job says:\n{said()[-4000:]}")
        time.sleep(0.2)
    return found
