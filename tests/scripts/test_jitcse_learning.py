"""Learning over several splits: each is trained apart from the others, and its row counts what it should."""

from __future__ import annotations

from math import exp, log
from pathlib import Path

import pytest

pytest.importorskip("torch")

from gymcc.agents.config import Experiment, load
from gymcc.scripts.jitcse_learning import row, trained

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("start", [None, Path("runs/split-3")])
def test_a_split_is_trained_with_its_seed_from_its_own_start(monkeypatch, tmp_path, start):
    """The config's own start has seen the best sets of another split's test methods."""
    seen: list[Experiment] = []
    monkeypatch.setattr("gymcc.agents.cloning.clone", lambda own, run, progress: seen.append(own))
    experiment = load(CONFIGS / "jitcse-cloning.yaml").model_copy(update={"init_from": "jitcse-cloning"})
    assert trained(experiment, tmp_path / "split-3", 3, start) == tmp_path / "split-3"
    (own,) = seen
    assert own.env.options == {"dataset": "jitcse/python-stdlib-all", "split_seed": 3}
    assert (own.seed, own.init_from) == (3, start and str(start))


def test_what_is_trained_already_is_taken(monkeypatch, tmp_path):
    monkeypatch.setattr("gymcc.agents.cloning.clone", lambda *_: pytest.fail("trained again"))
    (tmp_path / "policy.onnx").touch()
    assert trained(load(CONFIGS / "jitcse-cloning.yaml"), tmp_path, 0) == tmp_path


def test_a_row_compares_with_the_heuristic_and_the_best():
    found = row([(8.0, 10.0, 8.0), (10.0, 10.0, 10.0), (11.0, 10.0, 9.0)])  # policy, heuristic, best
    assert (found["better"], found["same"], found["worse"], found["methods"]) == (1, 1, 1, 3)
    assert found["vs_heuristic"] == pytest.approx(exp((log(0.8) + log(1.1)) / 3))
    assert found["low"] <= found["vs_heuristic"] <= found["high"]
    assert found["head_room_captured"] == pytest.approx(log(0.8 * 1.1) / log(0.8 * 0.9))
    assert row([(10.0, 10.0, 10.0)])["head_room_captured"] is None
