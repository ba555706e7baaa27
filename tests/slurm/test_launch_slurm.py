"""`gymcc launch --on slurm` on a real SLURM of two nodes."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.slurm.two_nodes import PATIENCE, cluster, job_state, slurm, until

__all__ = ["cluster"]  # pytest finds the fixture by its name here

CONFIG = Path(__file__).parents[2] / "configs/smoke.yaml"


def gymcc(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gymcc.scripts.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def launch(run: Path, *more: object) -> str:
    """Launch the smoke config; the job's number."""
    basic = ("--on", "slurm", "--time", "10:00", "--out", run, "--json")
    done = gymcc("launch", CONFIG, *basic, *more)
    assert done.returncode == 0, done.stderr
    job: str = json.loads(done.stdout)[0]["job"]
    return job


def wait(what: Callable[[], Any], run: Path) -> Any:
    return until(what, lambda: log(run))


def log(run: Path) -> str:
    path = run / "launch/job.log"
    return path.read_text(errors="replace") if path.exists() else ""


def rows(run: Path) -> list[dict[str, Any]]:
    path = run / "metrics.jsonl"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def processes(job: str, run: Path) -> list[str]:
    """Command lines of what a job left running, its Ray's and its own."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"/gymcc-{job}-" in command or f" {run} " in command:
            found.append(command)
    return found


def kill_ray(job: str, node: str) -> None:
    """Kill all of Ray on a node at once, as when the node breaks."""
    steps = dict(
        line.split()[::-1]
        for line in slurm("squeue", "--steps", "--noheader", "--format=%i %N").splitlines()
        if line.startswith(f"{job}.") and not line.startswith(f"{job}.batch")
    )
    slurm("scancel", "--signal=KILL", steps[node])


def start_again(job: str) -> None:
    """SLURM has requeued jobs wait for two minutes; within a second their credentials still count as revoked."""
    slurm("scontrol", "update", f"JobId={job}", "StartTime=now+2")


def newest(run: Path) -> dict[str, Any]:
    """State of the newest checkpoint."""
    path = max((run / "checkpoints").glob("[0-9]*"))
    state: dict[str, Any] = json.loads((path / "state.json").read_text())
    return state


def test_two_nodes_train_lose_one_then_the_head_are_requeued_and_cancelled(cluster: Path) -> None:
    run = cluster / "two"
    endless = ("--set", "budget.env_steps=100000000", "--set", "logger.wandb.mode=offline", "--runners", 2)
    soon = ("--setup", "export RAY_health_check_period_ms=500")  # Ray else takes 15 s to see that a node is lost
    job = launch(run, "--nodes", 2, "--cpus-per-node", 2, *endless, *soon)
    wait(lambda: len(rows(run)) >= 2, run)
    assert "2 nodes (n0, n1), 3 cores for runners" in log(run)
    token = run / f"launch/token-{job}"
    assert token.stat().st_mode & 0o777 == 0o600

    kill_ray(job, "n1")
    wait(lambda: "node n1 is lost; training goes on with 1 node (n0)" in log(run), run)
    seen = len(rows(run))
    wait(lambda: len(rows(run)) > seen + 1, run)
    assert job_state(job) == "RUNNING"

    slurm("scancel", "--batch", "--signal=USR1", job)  # what comes before the end of the time
    wait(lambda: job_state(job) == "PENDING", run)
    assert not token.exists()
    before, first = newest(run), rows(run)
    assert before["iteration"] == first[-1]["iteration"]
    tracked = json.loads((run / "wandb.json").read_text())
    policy = json.loads((run / "policy.json").read_text())["validation"]["speedup"]
    wait(lambda: not processes(job, run), run)

    start_again(job)
    wait(lambda: len(rows(run)) > len(first) + 1, run)
    assert "start 2, on n0 n1" in log(run)
    assert rows(run)[: len(first)] == first

    kill_ray(job, "n0")
    wait(lambda: job_state(job) == "PENDING", run)
    assert "Ray on n0 ended" in log(run)
    kept = newest(run)["iteration"]
    second = rows(run)[:kept]
    wait(lambda: not processes(job, run), run)

    start_again(job)
    wait(lambda: "start 3" in log(run) and len(rows(run)) > kept + 1, run)
    third = rows(run)
    assert third[:kept] == second
    assert [row["iteration"] for row in third] == list(range(1, len(third) + 1))
    assert all(a["env_steps"] < b["env_steps"] for a, b in pairwise(third))

    done = gymcc("cancel", run)
    assert done.stdout.strip() == f"{run}: ended", done.stdout + done.stderr
    listed = json.loads(gymcc("jobs", cluster, "--json").stdout)
    assert [(row["job"], row["state"]) for row in listed] == [(job, "STOPPED")]
    after = newest(run)
    assert after["iteration"] == rows(run)[-1]["iteration"]
    assert after["env_steps"] == listed[0]["env_steps"]
    assert json.loads((run / "wandb.json").read_text()) == tracked, "the same W&B run"
    assert json.loads((run / "policy.json").read_text())["validation"]["speedup"] >= policy
    assert not processes(job, run)
    assert not list((run / "launch").glob("token-*"))
    assert not list(Path(tempfile.gettempdir()).glob(f"gymcc-{job}-?"))


@pytest.fixture(scope="module")
def alone(cluster: Path) -> tuple[Path, str]:
    """A job of two nodes of which one never joins, waited for by a later test: its patience costs time."""
    away = 'eval "stock_$(declare -f start_node)"; start_node() { [ "$1" != 0 ] || stock_start_node "$@"; }'
    run = cluster / "alone"
    return run, launch(run, "--nodes", 2, "--cpus-per-node", 1, "--patience", 30, "--setup", away)


def test_a_job_ends_as_its_training_does(cluster: Path, alone: tuple[Path, str]) -> None:
    run = cluster / "one"
    job = launch(run, "--cpus-per-node", 1, "--runners", 0, "--set", "logger.wandb.mode=disabled")
    wait(lambda: job_state(job) in ("COMPLETED", "FAILED"), run)
    assert job_state(job) == "COMPLETED", log(run)
    assert rows(run)[-1]["env_steps"] >= 400
    assert (run / "policy.onnx").is_file()
    assert "ends with status 0" in gymcc("logs", run, "--follow").stdout

    (run / "config.yaml").write_text((run / "config.yaml").read_text().replace("env_steps: 400", "env_steps: -1"))
    by_hand = re.sub(r"\D", "", slurm("sbatch", str(run / "launch/job.sh")))
    wait(lambda: job_state(by_hand) in ("COMPLETED", "FAILED"), run)
    assert job_state(by_hand) == "FAILED"
    assert "budget.env_steps: Input should be greater than or equal to 1" in log(run)
    assert not processes(by_hand, run)


def test_a_node_that_never_joins_is_named(alone: tuple[Path, str]) -> None:
    run, job = alone
    wait(lambda: job_state(job) in ("COMPLETED", "FAILED"), run)
    assert job_state(job) == "FAILED"
    assert re.search(
        r"1 of 2 nodes joined Ray at \S+ within 30 s; missing: n1; launch/ray-n1\.log may say why", log(run)
    )
    assert not processes(job, run)
    assert not (run / "checkpoints").exists()


def test_a_node_whose_ray_ends_is_not_waited_for(cluster: Path) -> None:
    run = cluster / "ended"
    fails = """start_node() {
      srun --overlap --nodes=1 --ntasks=1 --nodelist="${nodes[$1]}" --output="$run/launch/ray-${nodes[$1]}.log" \
        bash -c "[ $1 = 0 ] && exec sleep 60; echo no such library; exit 1" &
      steps+=($!)
    }"""
    job = launch(run, "--nodes", 2, "--cpus-per-node", 1, *(f"--setup={line}" for line in fails.splitlines()))
    wait(lambda: job_state(job) in ("COMPLETED", "FAILED"), run)
    assert job_state(job) == "FAILED"
    assert re.search(r"Ray on n1 ended; \S+/launch/ray-n1\.log says: no such library", log(run))


def test_a_port_in_use_is_named(cluster: Path) -> None:
    run = cluster / "port"
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        job = launch(run, "--cpus-per-node", 1, "--port", port)
        wait(lambda: job_state(job) in ("COMPLETED", "FAILED"), run)
    assert job_state(job) == "FAILED"
    assert re.search(rf"gymcc: port {port} on \S+: Address already in use; choose another --port", log(run))


def test_a_wrong_partition_leaves_nothing(cluster: Path) -> None:
    done = gymcc("launch", CONFIG, "--on", "slurm", "--partition", "nowhere", "--out", cluster / "wrong")
    assert done.returncode == 2
    assert "invalid partition specified: nowhere" in done.stderr
    assert not (cluster / "wrong").exists()
