"""Configs: what is shipped loads, and what is wrong is named in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gymcc.agents.config import ConfigError, dump, load, parse

# Those of other commands (value models, guides, sweeps) name no algorithm and are tested with their commands.
CONFIGS = [
    path
    for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
    if "algorithm" in yaml.safe_load(path.read_text())
]
SMALL: dict[str, Any] = {
    "env": {"id": "looptune-mm-model-v0"},
    "algorithm": {"name": "dqn"},
    "budget": {"env_steps": 100},
}


def test_there_are_configs_of_every_environment() -> None:
    assert {path.stem.partition("-")[0] for path in CONFIGS} >= {"looptune", "jitcse", "nitta"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configs_load_and_train_on_the_training_split(path: Path) -> None:
    experiment = load(path)
    assert experiment.env.split == "train"
    assert experiment.validation.split == "validation"


def test_resolved_config_reads_back(tmp_path: Path) -> None:
    experiment = parse(SMALL)
    (tmp_path / "config.yaml").write_text(dump(experiment))
    assert load(tmp_path / "config.yaml") == experiment


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"env": {"id": "looptune-xx"}}, "env.id: unknown environment 'looptune-xx'; allowed: looptune-mm-v0"),
        (
            {"env": {"id": "looptune-mm-v0", "backend": "model"}},
            "unknown key 'env.backend'; allowed: id, options, split",
        ),
        ({"env": {"id": "looptune-mm-v0", "split": "tests"}}, "env.split: 'tests' is not allowed; allowed: 'train'"),
        ({"env": {"id": "looptune-mm-v0", "options": {"split": "all"}}}, "env.split"),
        ({"algorithm": {"name": "a2c"}}, "algorithm.name: 'a2c' is not allowed; allowed: dqn, ppo"),
        ({"algorithm": {}}, "missing key 'algorithm.name'; allowed: dqn, ppo"),
        ({"algorithm": {"name": "dqn", "lamda": 1}}, "unknown key 'algorithm.lamda'; allowed: name, lr,"),
        ({"algorithm": {"name": "ppo", "epsilon": 1}}, "unknown key 'algorithm.epsilon'; allowed: name, lr,"),
        (
            {"algorithm": {"name": "dqn", "epsilon": {"from": 1}}},
            "'algorithm.epsilon.from'; allowed: start, end, steps",
        ),
        ({"network": {"encoder": "graph"}}, "network.encoder: 'graph' is not allowed; allowed: 'vector'"),
        ({"budget": {}}, "give env_steps, minutes or both"),
        ({"algorithm": {"name": "dqn", "lr": -1}}, "algorithm.lr: Input should be greater than 0"),
        ({"extra": 1}, "unknown key 'extra'; allowed: env, algorithm,"),
    ],
)
def test_faults_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({**SMALL, **change})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["- a list", "env: [", "!!python/object/apply:os.getcwd []", ""])
def test_files_that_are_no_config_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"bad\.yaml: "):
        load(path)
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "absent.yaml")
