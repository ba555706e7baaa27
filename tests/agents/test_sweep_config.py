"""Sweeps as files: what is drawn, and what is told about files that no run could use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gymcc.agents.config import ConfigError
from gymcc.agents.sweep.config import Range, load_sweep

CONFIGS = Path(__file__).parents[2] / "configs"


def _file(tmp_path: Path, **body: Any) -> Path:
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump({"base": str(CONFIGS / "smoke.yaml"), **body}))
    return path


def test_the_shipped_sweep_reads() -> None:
    sweep, experiment = load_sweep(CONFIGS / "looptune-mm-sweep.yaml")
    assert set(sweep.ranges) == {"network.layers", "algorithm.gamma", "algorithm.lr"}
    assert experiment.env.options["backend"] == "model"


def test_what_is_set_holds_for_all_runs(tmp_path: Path) -> None:
    path = _file(tmp_path, set={"seed": 7, "network.layers": [8]}, ranges={"algorithm.lr": {"uniform": [0.1, 0.2]}})
    _, experiment = load_sweep(path)
    assert (experiment.seed, experiment.network.layers) == (7, (8,))


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        ({}, "ranges"),
        ({"algorithm.lr": {}}, "give one of choice, uniform, log_uniform, integer"),
        ({"algorithm.lr": {"uniform": [0.1, 0.2], "choice": [1]}}, "give one of"),
        ({"algorithm.lr": {"uniform": [0.2, 0.1]}}, "no range"),
        ({"algorithm.lr": {"log_uniform": [0, 0.1]}}, "above 0"),
        ({"algorithm.lr": {"normal": [0, 1]}}, "unknown key"),
        ({"algorithm.rate": {"uniform": [0.1, 0.2]}}, "unknown key 'algorithm.rate'"),
        ({"algorithm.gamma": {"uniform": [0.5, 1.5]}}, "algorithm.gamma"),
        ({"network.encoder": {"choice": ["vector", "tree"]}}, "'tree' is not allowed"),
    ],
)
def test_ranges_that_no_run_could_use_are_told_before_any_run(
    tmp_path: Path, ranges: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        load_sweep(_file(tmp_path, ranges=ranges))


def test_a_range_is_known_by_its_ends() -> None:
    assert Range(integer=(1, 3)).ends() == (1, 3)
    assert Range(choice=("a", "b", "c")).ends() == ("a", "b", "c")
