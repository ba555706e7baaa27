"""Launching without a cluster: what is asked for, what is written, what is refused, and what is left behind."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.agents.config import ConfigError, Experiment, load, parse
from gymcc.agents.launch import slurm, start
from gymcc.agents.launch.books import Books, find
from gymcc.agents.launch.resources import Resources, seconds
from gymcc.agents.launch.script import Plan, batch_script
from gymcc.agents.launch.state import cancel, state

PLAN = Plan(python=Path("/opt/gymcc/bin/python"))
Fake = Callable[..., None]


def experiment(**changes: object) -> Experiment:
    return parse(
        {
            "env": {"id": "looptune-mm-model-v0"},
            "algorithm": {"name": "dqn"},
            "budget": {"env_steps": 100},
            "logger": {"wandb": {"mode": "disabled"}},
            **changes,
        }
    )


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Makes commands of SLURM's that do as told, the only ones on the search path besides the shell's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    monkeypatch.setattr(slurm.shutil, "which", lambda name: name if (programs / name).exists() else None)

    def make(**bodies: str) -> None:
        for name, body in bodies.items():
            (programs / name).write_text(f"#!/bin/sh\n{body}\n")
            (programs / name).chmod(0o755)

    make(
        squeue="echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
        scontrol="exit 1",
        sacct="exit 1",
        scancel=":",
        sbatch="echo 17",
    )
    return make


# What is asked for


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 5400), ("2:30", 150), ("1:00:00", 3600), ("1-0", 86400), ("1-1:30", 91800), ("2-0:0:5", 172805)],
)
def test_time_limits_mean_what_slurm_says(text: str, expected: int) -> None:
    assert seconds(text) == expected


@given(st.integers(0, 9), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_days_and_hours_add_up(d: int, h: int, m: int, s: int) -> None:
    assert seconds(f"{d}-{h}:{m:02}:{s:02}") == ((d * 24 + h) * 60 + m) * 60 + s


@pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "1-", "-5", "1h", "1:00\n#SBATCH --x"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--time"):
        seconds(text)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"nodes": 0}, "--nodes 0: allowed: 1 or more"),
        ({"cpus_per_node": 0}, "--cpus-per-node 0"),
        ({"gpus": -1}, "--gpus -1"),
        ({"time": "0:10"}, "a minute or more"),
        ({"partition": "a b"}, "--partition"),
        ({"account": "x\n#SBATCH --uid=0"}, "--account"),
        ({"mail": "$(reboot)"}, "--mail"),
    ],
)
def test_requests_that_cannot_be_meant_are_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Resources(**settings)  # type: ignore[arg-type]


def test_the_job_is_told_in_time_whatever_its_limit() -> None:
    assert Resources(time="30:00:00").lead == 120
    assert Resources(time="3:00").lead == 60


# The script


def test_the_script_says_all_that_was_asked_for() -> None:
    resources = Resources(2, 16, 1, "8:00:00", "64G", "long", "high", "lab", "n[1-4]", "a@b.org", exclusive=True)
    plan = Plan(PLAN.python, port=6400, patience=60, setup=("module load python", 'export A="b c"'))
    text = batch_script(Path("/runs/one"), resources, plan, "gymcc launch x\n--y")
    options = [line.removeprefix("#SBATCH ") for line in text.splitlines() if line.startswith("#SBATCH")]
    assert options == [
        "--job-name=gymcc-one",
        "--nodes=2",
        "--ntasks-per-node=1",
        "--cpus-per-task=16",
        "--time=8:00:00",
        "--partition=long",
        "--qos=high",
        "--account=lab",
        "--nodelist=n[1-4]",
        "--mem=64G",
        "--gpus-per-node=1",
        "--mail-user=a@b.org",
        "--mail-type=END,FAIL,REQUEUE",
        "--exclusive",
        "--signal=B:USR1@120",
        "--requeue",
        "--no-kill",
        "--open-mode=append",
        "--output=/runs/one/launch/job.log",
    ]
    assert '\n  module load python\n  export A="b c"\n' in text
    assert "# Made by: gymcc launch x --y" in text.replace("and goes on there when it is started again. ", "# ")
    assert "ray stop" not in text.replace("no `ray stop`", "")
    assert subprocess.run(["bash", "-n"], input=text, text=True).returncode == 0


@pytest.mark.parametrize("folder", ["/runs/a b", "/runs/%j", "/runs/$(id)", "/runs/a'b", "runs/relative"])
def test_paths_that_would_be_misread_are_refused(folder: str) -> None:
    with pytest.raises(ValueError, match="run folder"):
        batch_script(Path(folder), Resources(), PLAN, "")


@pytest.mark.parametrize("port", [-1, 80, 65536])
def test_ports_of_others_are_refused(port: int) -> None:
    with pytest.raises(ValueError, match="--port"):
        Plan(PLAN.python, port=port)


# Submitting


def test_a_submission_leaves_config_script_and_books(tmp_path: Path, fake: Fake) -> None:
    run = tmp_path / "run"
    job = start.on_slurm(experiment(), run, Resources(2, 4), PLAN, command="c", wandb_run="a/b/c")
    assert job == "17"
    assert load(run / "config.yaml").runners.num_env_runners == 7  # a core is the learner's
    assert Books(run).facts() == {"on": "slurm", "job": "17", "wandb_run": "a/b/c", "command": "c"}
    assert os.access(run / "launch/job.sh", os.X_OK)
    assert find(tmp_path) == [run]


def test_without_slurm_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(slurm.SlurmError, match=r"no SLURM here: sbatch is not on the search path; .* --on local"):
        start.on_slurm(experiment(), tmp_path / "run", Resources(), PLAN, command="c")
    assert not (tmp_path / "run").exists()


def test_a_refused_submission_leaves_nothing_and_says_why(tmp_path: Path, fake: Fake) -> None:
    fake(sbatch="echo 'sbatch: error: invalid partition specified: x' >&2; exit 1")
    with pytest.raises(slurm.SlurmError, match=r"^sbatch: invalid partition specified: x$"):
        start.on_slurm(experiment(), tmp_path / "run", Resources(), PLAN, command="c")
    assert not (tmp_path / "run").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(slurm.SlurmError):
        start.on_slurm(experiment(), tmp_path / "empty", Resources(), PLAN, command="c")
    assert list((tmp_path / "empty").iterdir()) == []


def test_clocks_that_differ_are_thought_of(tmp_path: Path, fake: Fake) -> None:
    """What SLURM says where munge's clock is two hours off: nothing of clocks."""
    said = "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received"
    fake(sbatch=f"echo '{said}' >&2; exit 1")
    with pytest.raises(slurm.SlurmError, match=r"Zero Bytes .* do its clock and its munge key agree"):
        start.on_slurm(experiment(), tmp_path / "run", Resources(), PLAN, command="c")
    assert not (tmp_path / "run").exists()


def test_a_dry_run_writes_and_does_not_submit(tmp_path: Path, fake: Fake) -> None:
    fake(sbatch="exit 1")
    run = tmp_path / "run"
    assert start.on_slurm(experiment(), run, Resources(), PLAN, command="c", submit=False) is None
    assert state(run).state == "NOT SUBMITTED"
    assert state(run).reason == f"sbatch {run}/launch/job.sh"


def test_two_launches_into_one_folder(tmp_path: Path, fake: Fake) -> None:
    run = tmp_path / "run"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="first")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(start.LaunchError, match="exists already"):
        start.on_slurm(experiment(seed=1), run, Resources(), PLAN, command="second")
    fake(squeue="echo 'RUNNING|None|n0|1:00'")
    with pytest.raises(start.LaunchError, match="a job is at work here already"):
        start.on_slurm(None, run, Resources(), PLAN, command="third")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_run_that_ended_can_be_launched_again(tmp_path: Path, fake: Fake) -> None:
    run = tmp_path / "run"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="first")
    fake(squeue="echo 'TIMEOUT|None|n0|1:00'", sbatch="echo 18")
    assert start.on_slurm(None, run, Resources(nodes=3), PLAN, command="again") == "18"
    assert "--nodes=3" in (run / "launch/job.sh").read_text()


def test_somebody_elses_folder_is_left_alone(tmp_path: Path, fake: Fake) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(start.LaunchError, match="exists already"):
        start.on_slurm(experiment(), tmp_path, Resources(), PLAN, command="c")
    with pytest.raises(start.LaunchError, match="not a run folder"):
        start.on_slurm(None, tmp_path, Resources(), PLAN, command="c")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    assert not (tmp_path / "launch").exists()


def test_cloning_needs_no_cluster(tmp_path: Path, fake: Fake) -> None:
    cloning = parse({"env": {"id": "jitcse-v0"}, "algorithm": {"name": "cloning"}, "budget": {"minutes": 1}})
    with pytest.raises(ConfigError, match=r"algorithm\.name: cloning .* allowed: dqn, ppo"):
        start.on_slurm(cloning, tmp_path / "run", Resources(), PLAN, command="c")
    assert not (tmp_path / "run").exists()


def test_jobs_are_seeds(tmp_path: Path) -> None:
    found = start.seeds(experiment(seed=5), tmp_path, 3)
    assert [(each.seed, run.name) for each, run in found] == [(5, "seed-5"), (6, "seed-6"), (7, "seed-7")]
    assert {each.logger.wandb.group for each, _ in found} == {tmp_path.name}, "seeds are shown together"
    assert start.seeds(experiment(), tmp_path, 1) == [(experiment(), tmp_path)]


# How it is doing


def test_the_state_is_squeues_then_scontrols_then_saccts(tmp_path: Path, fake: Fake) -> None:
    run = tmp_path / "run"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="c")
    assert state(run).state == "UNKNOWN"
    fake(sacct='case "$*" in *--completion*) echo "17|CANCELLED by 0|n0|00:01:00";; *) exit 1;; esac')
    assert (state(run).state, state(run).at_work) == ("CANCELLED by 0", False)
    fake(sacct='printf "17|REQUEUED|n0|1\\n17|COMPLETED|n1|2\\n17.batch|FAILED|n1|2\\n"')
    assert (state(run).state, state(run).nodes) == ("COMPLETED", "n1")
    fake(scontrol="echo JobId=17 JobState=TIMEOUT Reason=TimeLimit RunTime=00:10:00 NodeList=n7")
    assert (state(run).state, state(run).reason, state(run).nodes) == ("TIMEOUT", "TimeLimit", "n7")
    fake(squeue="echo 'PENDING|Resources||0:00'")
    assert (state(run).state, state(run).reason, state(run).at_work) == ("PENDING", "Resources", True)


def test_a_controller_that_does_not_answer_has_forgotten_nothing(tmp_path: Path, fake: Fake) -> None:
    run = tmp_path / "run"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="c")
    fake(squeue="echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(slurm.SlurmError, match=r"squeue: .*Unable to contact slurm controller"):
        state(run)
    with pytest.raises(slurm.SlurmError):
        start.on_slurm(None, run, Resources(), PLAN, command="again")
    fake(sacct='echo "17|COMPLETED|n0|00:01:00"')
    assert state(run).state == "COMPLETED"


def test_a_forgotten_job_is_what_the_run_folder_says(tmp_path: Path, fake: Fake) -> None:
    run = tmp_path / "run"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="c")
    for status, said in ((0, "COMPLETED"), (130, "STOPPED"), (2, "FAILED")):
        Books(run).end(status)
        assert state(run).state == said
    Books(run).begin()
    assert state(run).state == "UNKNOWN"


def test_a_job_submitted_by_hand_is_found(tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="c", submit=False)
    monkeypatch.setenv("SLURM_JOB_ID", "99")
    Books(run).begin()
    assert state(run).job == "99"


def test_cancelling_asks_the_script_first(tmp_path: Path, fake: Fake) -> None:
    run, calls = tmp_path / "run", tmp_path / "calls"
    start.on_slurm(experiment(), run, Resources(), PLAN, command="c")
    squeue = f"if [ -e {calls} ]; then echo 'FAILED|x|n0|1'; else echo 'RUNNING|None|n0|1'; fi"
    fake(squeue=squeue, scancel=f'echo "$@" >> {calls}')
    assert cancel(run, 5).endswith("ended")
    assert calls.read_text().splitlines() == ["--batch --signal=TERM 17"]
    fake(squeue="echo 'RUNNING|None|n0|1'")
    assert "killed" in cancel(run, 0.1)
    assert calls.read_text().splitlines()[-1] == "17"


def test_damaged_books_are_named(tmp_path: Path) -> None:
    (tmp_path / "launch").mkdir()
    (tmp_path / "launch/launch.json").write_text("{")
    with pytest.raises(ValueError, match=r"launch\.json: damaged"):
        state(tmp_path)
    (tmp_path / "launch/launch.json").write_text(json.dumps({}))
    with pytest.raises(ValueError, match="nothing was launched here"):
        state(tmp_path)
