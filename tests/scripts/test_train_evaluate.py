"""A newcomer's path: train, evaluate against searches, verify, report; and starting again where a run stopped."""

import json
from pathlib import Path

import pytest

from gymcc.scripts.main import run

CONFIG = str(Path(__file__).parents[2] / "configs" / "smoke.yaml")
QUIET = ("--set", "logger.wandb.mode=offline")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "smoke"
    with pytest.raises(SystemExit) as stop:
        run(["train", CONFIG, "--out", str(folder), *QUIET])
    assert not stop.value.code
    return folder


def test_run_is_evaluated_verified_and_reported(gymcc, trained):
    status, out, err = gymcc(
        "evaluate", str(trained), "--count", "4", "--against", "random,heuristic", "--seconds", "0.5", "--json"
    )
    assert status == 0, err
    rows = {row["method"]: row for row in json.loads(out)}
    assert set(rows) == {"policy", "random", "heuristic"}
    assert rows["policy"]["instances"] == 4
    assert 0 < rows["policy"]["evaluations_mean"] <= 10
    status, out, _ = gymcc("verify", str(trained))
    assert (status, out) == (0, "12 of 12 records hold\n")
    page = (trained / "report.html").read_text()
    for words in ("Learning", "gymcc evaluate", "looptune-mm-model-v0"):
        assert words in page
    status, out, _ = gymcc("report", str(trained), "--picture", str(trained / "figure.svg"))
    assert status == 0
    assert (trained / "figure.svg").read_text().startswith("<svg")


def test_run_folder_is_not_clobbered(gymcc, trained):
    before = (trained / "metrics.jsonl").read_bytes()
    status, _, err = gymcc("train", CONFIG, "--out", str(trained), *QUIET)
    assert status == 2
    assert "exists already" in err
    assert (trained / "metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("algorithm.lerning_rate=1", ["lerning_rate", "batch_size"]),
        ("algorithm.name=sarsa", ["sarsa", "dqn, ppo"]),
        ("env.id=nope", ["nope", "looptune-mm-v0"]),
        ("seed", ["expected section.key=value"]),
    ],
)
def test_bad_override_is_one_clear_line(gymcc, tmp_path, pair, words):
    status, _, err = gymcc("train", CONFIG, "--out", str(tmp_path / "never"), "--set", pair)
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err
    assert not (tmp_path / "never").exists()


def test_damaged_policy_is_named(gymcc, trained, tmp_path):
    (tmp_path / "policy.onnx").write_bytes(b"not a network")
    (tmp_path / "policy.json").write_text((trained / "policy.json").read_text())
    status, _, err = gymcc("evaluate", str(tmp_path))
    assert status == 2
    assert "policy.onnx" in err
