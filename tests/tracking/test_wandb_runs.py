"""Whole trainings against a W&B service on loopback: what arrives, and what happens when it does not answer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")
pytest.importorskip("wandb")

from gymcc.agents.tracking.keys import CHART, KEYS
from tests.tracking.offline import history
from tests.tracking.stub import ENTITY, KEY, Service

CONFIG = Path(__file__).parents[2] / "configs" / "smoke.yaml"
COMMAND = [sys.executable, "-m", "gymcc.scripts.main"]


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


def _environment(service: Service | None, key: str = KEY) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    return kept | {"OMP_NUM_THREADS": "1"} | (service.environment(key) if service else {"WANDB_MODE": "offline"})


def _gymcc(*arguments: str | Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL
    )


def _rows(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def _steps(rows: list[dict[str, Any]]) -> list[int]:
    return [row["env_steps"] for row in rows if "time/iteration" in row]


def test_a_run_arrives_whole_and_no_key_stays_behind(service: Service, tmp_path: Path) -> None:
    run = tmp_path / "run"
    more = ["--set", "logger.wandb.group=seeds", "--set", "budget.env_steps=240", "--evaluate"]
    done = _gymcc("train", CONFIG, "--out", run, *more, environment=_environment(service))
    assert done.returncode == 0, done.stderr
    assert service.unknown == []
    (sent,) = service.runs.values()
    assert sent.exit_code == 0
    assert sent.facts["groupName"] == "seeds"
    assert all(name in sent.facts["notes"] for name, _ in KEYS.values()), "the page explains its keys"
    assert sent.config["algorithm"]["name"] == "dqn"
    mine = _rows(run)
    assert _steps(sent.rows) == [row["env_steps"] for row in mine]
    assert sent.rows[0]["validation/speedup"] == pytest.approx(mine[0]["validation_speedup"])
    assert sent.rows[0]["validation/heuristic"] > 1
    assert f"{CHART}_table" in sent.rows[0]
    shown = {name for row in sent.rows for name in row if name.startswith("evaluation/")}
    assert shown == {f"evaluation/{name}" for name in ("methods", "instances", "example", "before", "after", "report")}
    assert all(row["env_steps"] == mine[-1]["env_steps"] for row in sent.rows if shown & set(row))
    (policy,) = service.versions("policy")
    assert policy.files["policy.onnx"] == (run / "policy.onnx").read_bytes()
    assert policy.files["config.yaml"] == (run / "config.yaml").read_bytes()
    (report,) = service.versions("report")
    assert b"<html" in report.files["report.html"]
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holding == []


def _interrupted(run: Path, environment: dict[str, str]) -> None:
    """Train until the first iteration is told, then Ctrl-C."""
    command = [*COMMAND, "train", str(CONFIG), "--out", str(run), "--set", "budget.env_steps=2000"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "iteration 1" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        assert process.returncode == 130


def test_a_run_goes_on_elsewhere_from_what_was_uploaded(service: Service, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    _interrupted(first, _environment(service))
    (sent,) = service.runs.values()
    before = _rows(first)
    shutil.rmtree(first)
    where = f"{service.url}/{ENTITY}/gymcc/runs/{sent.name}"
    done = _gymcc("train", second, "--resume", "--wandb-run", where, environment=_environment(service))
    assert done.returncode == 0, done.stderr
    assert _rows(second)[: len(before)] == before
    assert len(_rows(second)) > len(before)
    assert list(service.runs) == [sent.name], "the same run goes on"
    assert _steps(sent.rows) == [row["env_steps"] for row in _rows(second)]
    assert len(service.versions("checkpoint")) == 2


def test_a_run_that_was_never_uploaded_is_told_to_be_missing(service: Service, tmp_path: Path) -> None:
    there = f"{ENTITY}/gymcc/nothing"
    done = _gymcc("train", tmp_path / "run", "--resume", "--wandb-run", there, environment=_environment(service))
    assert done.returncode == 2
    assert "checkpoint-nothing" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_service_that_goes_away_does_not_stop_training_and_gets_the_rest_later(
    service: Service, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    environment = _environment(service) | {"WANDB_FINISH_TIMEOUT": "3"}
    command = [*COMMAND, "train", str(CONFIG), "--out", str(run)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        service.stop()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "gymcc wandb sync" in errors
    with service:
        done = _gymcc("wandb", "sync", run, environment=_environment(service))
        assert done.returncode == 0, done.stderr
        (sent,) = service.runs.values()
        assert _steps(sent.rows) == [row["env_steps"] for row in _rows(run)]
        again = _gymcc("wandb", "sync", run, environment=_environment(service))
        assert "nothing to send" in again.stdout


def test_a_wrong_key_is_told_before_anything_is_trained(service: Service, tmp_path: Path) -> None:
    done = _gymcc("train", CONFIG, "--out", tmp_path / "run", environment=_environment(service, "f" * 40))
    assert done.returncode == 2
    assert "rejects the key" in done.stderr.strip().splitlines()[-1]
    assert "logger.wandb.mode=offline" in done.stderr
    assert service.refused > 0
    assert not (tmp_path / "run").exists(), "the same command works with the right key"


def test_a_service_out_of_reach_makes_the_run_an_offline_one_that_reads_back(tmp_path: Path) -> None:
    nobody = Service()
    with nobody:
        pass
    environment = _environment(nobody) | {"WANDB_INIT_TIMEOUT": "3", "WANDB_SERVICE": "that of a notebook"}
    run = tmp_path / "run"
    more = ["--set", "budget.env_steps=240", "--set", "logger=[jsonl, wandb, tensorboard]"]
    done = _gymcc("train", CONFIG, "--out", run, *more, environment=environment)
    assert done.returncode == 0, done.stderr
    assert "cannot be reached" in done.stderr
    (file,) = (run / "wandb").glob("offline-run-*/run-*.wandb")
    kept = [row for row in history(file) if "time/iteration" in row]
    assert [row["env_steps"] for row in kept] == [row["env_steps"] for row in _rows(run)]
    assert kept[0]["train/return_mean"] == _rows(run)[0]["return_mean"]
    (events,) = (run / "tensorboard").glob("events.*")
    assert b"validation/speedup" in events.read_bytes(), "TensorBoard is written beside it"


def test_sync_without_a_key_says_what_is_missing(tmp_path: Path) -> None:
    part = tmp_path / "wandb" / "offline-run-20260101_000000-abc"
    part.mkdir(parents=True)
    (part / "run-abc.wandb").touch()
    (tmp_path / "config.yaml").touch()
    environment = _environment(None) | {"NETRC": str(tmp_path / "netrc")}
    done = _gymcc("wandb", "sync", tmp_path, environment=environment)
    assert done.returncode == 2
    assert "WANDB_API_KEY" in done.stderr
