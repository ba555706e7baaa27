"""Launching in the background of this machine, and what keeps two trainings, or two measurements, apart."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.agents.config import dump, parse
from gymcc.agents.launch import start
from gymcc.agents.launch.books import Books
from gymcc.agents.launch.cluster import Cluster, NodesMissing
from gymcc.agents.launch.port import main as port_main
from gymcc.agents.launch.state import cancel, state

pytest.importorskip("ray")

from gymcc.agents.launch import driver
from gymcc.agents.rllib import cores, folder, recovery
from gymcc.agents.rllib.folder import RunFolder, RunFolderError
from gymcc.agents.rllib.nodes import NodeWatch

PATIENCE = 180.0  # seconds, on a loaded machine
CONFIG: dict[str, Any] = {
    "env": {"id": "looptune-mm-model-v0"},
    "algorithm": {"name": "dqn", "batch_size": 32, "replay_ratio": 1, "learning_starts": 100},
    "network": {"layers": [32]},
    "runners": {"envs_per_runner": 8},
    "budget": {"env_steps": 10_000_000, "iteration_steps": 160},
    "validation": {"instances": 4, "every": 1},
    "checkpoint": {"every": 1},
    "logger": {"wandb": {"mode": "disabled"}},
}


def until(what: Callable[[], Any], run: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, Books(run).log.read_text()[-4000:]
        time.sleep(0.1)


def iterations(run: Path) -> list[int]:
    return [row["iteration"] for row in RunFolder(run).rows()]


# A training in the background


def test_a_training_in_the_background_is_watched_cancelled_and_gone_on_with(tmp_path: Path) -> None:
    run = tmp_path / "run"
    start.on_this_machine(parse(CONFIG), run, command="c")
    try:
        until(lambda: len(iterations(run)) >= 2, run)
        assert state(run).state == "RUNNING"
        with pytest.raises(start.LaunchError, match="exists already"):
            start.on_this_machine(parse(CONFIG), run, command="c")
        with pytest.raises(start.LaunchError, match="at work here already"):
            start.on_this_machine(None, run, command="c")
    finally:
        said = cancel(run, PATIENCE)
    assert said == f"{run}: ended"
    assert state(run).state == "STOPPED"
    done = iterations(run)
    assert int(RunFolder(run).latest().name) == done[-1]  # type: ignore[union-attr]
    budget = {"env_steps": 160 * (len(done) + 2), "iteration_steps": 160}
    (run / "config.yaml").write_text(dump(parse({**CONFIG, "budget": budget})))
    start.on_this_machine(None, run, command="c")
    until(lambda: not state(run).at_work, run)
    assert state(run).state == "COMPLETED", Books(run).log.read_text()
    assert iterations(run) == list(range(1, len(done) + 3))
    assert cancel(run, 1) == f"{run}: nothing to cancel: completed"


def test_no_cluster_at_an_address_is_said_within_the_patience(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    run = tmp_path / "run"
    start.on_this_machine(parse(CONFIG), run, command="c", address=f"127.0.0.1:{port}", patience=1)
    until(lambda: not state(run).at_work, run)
    assert state(run).state == "FAILED"
    assert f"no Ray at 127.0.0.1:{port} within 1 s" in Books(run).log.read_text()
    assert Books(run).status() == 2


def test_addresses_are_checked() -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        Cluster([]).join("nowhere", 1)
    with pytest.raises(NodesMissing, match=r"no Ray at 127\.0\.0\.1:1 within 0 s"):
        Cluster([]).join("127.0.0.1:1", 0)


def test_ports_are_free_or_said_to_be_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert port_main("127.0.0.1", 0) == 0
    host, _, free = capsys.readouterr().out.strip().partition(":")
    with socket.create_server((host, int(free))):
        assert port_main(host, int(free)) == 1
    assert f"port {free}" in capsys.readouterr().err


# Run folders


def test_a_run_folder_takes_one_training_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LOCK_SECONDS", 0.2)
    one, other = RunFolder(tmp_path), RunFolder(tmp_path)
    at_work = f"another training is at work here: process {os.getpid()} on "
    with one.locked(), pytest.raises(RunFolderError, match=at_work), other.locked():
        pass
    with other.locked():
        pass


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk is full"), (errno.EIO, "Input")]
)
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, number: int, said: str) -> None:
    run = RunFolder(tmp_path)

    def fill(path: Path) -> None:
        (path / "state.json").write_text("{}")

    def fail(path: Path) -> None:
        fill(path)
        raise OSError(number, os.strerror(number))

    with pytest.raises(RunFolderError, match=f"cannot write a checkpoint: .*{said}.*; there is none yet"):
        run.publish(1, fail, keep=1)
    run.publish(1, fill, keep=1)
    with pytest.raises(RunFolderError, match=f"{said}.*; 000001 is whole, and resuming goes on from it"):
        run.publish(2, fail, keep=1)
    assert [path.name for path in run.checkpoints.iterdir()] == ["000001"]


def test_the_newest_checkpoint_is_so_by_number_whatever_a_nodes_clock_said(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for iteration, hours in ((1, 2), (2, 0), (3, -2)):
        path = run.publish(iteration, lambda partial: (partial / "state.json").touch(), keep=2)
        os.utime(path, times=(time.time() + 3600 * hours,) * 2)
        assert run.latest() == path
    assert [path.name for path in sorted(run.checkpoints.iterdir())] == ["000002", "000003"]


def launched(path: Path) -> Books:
    """The books of a launch that nobody works at."""
    (path / "launch").mkdir()
    (path / "config.yaml").write_text(dump(parse(CONFIG)))
    books = Books(path)
    books.open({"on": "slurm", "job": "1"})
    return books


def test_a_second_job_of_a_run_leaves_the_books_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(folder, "LOCK_SECONDS", 0.2)
    monkeypatch.setenv("SLURM_JOB_ID", "2")
    books = launched(tmp_path)
    with RunFolder(books.folder).locked():
        assert driver.main([str(tmp_path)]) == driver.REFUSED
    assert "another training is at work here" in capsys.readouterr().out
    assert (books.facts()["job"], books.status()) == ("1", None)


def test_a_full_disk_is_said_and_what_it_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    books = launched(tmp_path)

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "metrics.jsonl")

    monkeypatch.setattr(driver, "_train", full)
    assert driver.main([str(tmp_path)]) == driver.REFUSED
    assert "the disk is full (metrics.jsonl); there is no checkpoint yet" in capsys.readouterr().out
    assert books.status() == driver.REFUSED
    RunFolder(tmp_path).publish(7, lambda path: (path / "state.json").touch(), keep=1)
    monkeypatch.setattr(Books, "end", full)
    assert driver.main([str(tmp_path)]) == driver.REFUSED, "the disk was too full for the books"
    assert "checkpoint 000007 is whole, and --resume goes on from it" in capsys.readouterr().out


# Measuring


def _claim(queue: Any, done: Any) -> None:
    queue.put(cores.claim([0, 1, 2]))
    done.wait()


def test_processes_claim_different_cores_until_they_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores.tempfile, "tempdir", str(tmp_path))
    context = multiprocessing.get_context("fork")
    queue, done = context.Queue(), context.Event()
    processes = [context.Process(target=_claim, args=(queue, done)) for _ in range(4)]
    for process in processes:
        process.start()
    claimed = [queue.get(timeout=60) for _ in processes]
    assert sorted(claimed, key=str) == [0, 1, 2, None]
    done.set()
    for process in processes:
        process.join(60)
    successor = context.Process(target=_claim, args=(queue, done))
    successor.start()
    assert queue.get(timeout=60) == 0
    successor.join(60)


@given(st.floats(0.5, 2.0), st.lists(st.floats(0.92, 1.08), min_size=1, max_size=5))
def test_a_node_is_flagged_when_it_drifts_and_only_then(
    tmp_path_factory: Any, factor: float, noise: list[float]
) -> None:
    watch = NodeWatch(RunFolder(tmp_path_factory.mktemp("run")), measured=True)
    machine = {"cpu": "x"}
    watch.add([("slow", machine, "i", 5e-3), ("fast", machine, "i", 1e-3), None])
    watch.add([("slow", machine, "i", 5e-3 * factor), *(("fast", machine, "i", 1e-3 * n) for n in noise)])
    assert not watch.nodes["fast"]["drifts"]
    assert watch.nodes["slow"]["drifts"] == (not 1 / 1.1 < watch.nodes["slow"]["drift"] < 1.1)
    assert watch.nodes["slow"]["drift"] == pytest.approx(factor)


def test_another_machine_under_the_same_name_starts_anew(tmp_path: Path) -> None:
    watch = NodeWatch(RunFolder(tmp_path), measured=True)
    watch.add([("n", {"cpu": "old"}, "i", 1.0)])
    watch.add([("n", {"cpu": "new"}, "i", 3.0)])
    assert (watch.nodes["n"]["first"], watch.nodes["n"]["drifts"]) == (3.0, False)


class _Measuring:
    """A group of one runner in this process whose environment measures."""

    def __init__(self, costs: list[float]) -> None:
        self.costs = costs

    def num_remote_workers(self) -> int:
        return 0

    def foreach_env_runner(self, function: Any, *, local_env_runner: bool) -> list[Any]:
        assert local_env_runner
        return [("here", {"cpu": "x"}, "i", self.costs.pop(0))]


def test_the_run_folder_keeps_what_nodes_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gymcc.agents.rllib.nodes.SECONDS", -1.0)
    assert NodeWatch(RunFolder(tmp_path), measured=True).look(_Measuring([1.0])) == {}
    again = NodeWatch(RunFolder(tmp_path), measured=True)
    assert again.look(_Measuring([1.5])) == {"drifting_nodes": 1}
    assert json.loads((tmp_path / "nodes.json").read_text())["here"]["drift"] == 1.5
    assert NodeWatch(RunFolder(tmp_path), measured=False).look(_Measuring([])) == {}


# Lost runners


class _Group:
    """Runners of which some are lost."""

    def __init__(self, healthy: int, total: int) -> None:
        self.healthy, self.total, self.looks = healthy, total, 0

    def num_healthy_remote_workers(self) -> int:
        return self.healthy

    def num_remote_workers(self) -> int:
        return self.total


class _Algorithm:
    """An algorithm whose looks for lost runners find nobody, or on the third look one."""

    def __init__(self, found_at: int = 0) -> None:
        self.found_at = found_at

    def restore_env_runners(self, group: _Group) -> list[int]:
        group.looks += 1
        return [1] if group.looks == self.found_at else []


def test_lost_runners_are_looked_for_once_a_while() -> None:
    algorithm, whole, reduced = _Algorithm(), _Group(2, 2), _Group(1, 2)
    recovery.look_rarely(algorithm)  # type: ignore[arg-type]
    for group in (whole, reduced):
        for _ in range(5):
            assert algorithm.restore_env_runners(group) == []
    assert (whole.looks, reduced.looks) == (0, 1)


def test_without_any_runner_training_waits_and_then_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery.time, "sleep", lambda seconds: None)
    algorithm, group = _Algorithm(found_at=3), _Group(0, 2)
    recovery.look_rarely(algorithm)  # type: ignore[arg-type]
    assert algorithm.restore_env_runners(group) == [1]
    assert group.looks == 3
    monkeypatch.setattr(recovery, "ALONE_SECONDS", 0.0)
    with pytest.raises(recovery.RunnersLost, match="all 2 runners are lost"):
        algorithm.restore_env_runners(group)
