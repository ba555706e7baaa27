"""Episodes as the runner plays them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gymcc.agents.config import parse
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.dataset_files import write_dataset
from gymcc.envs.looptune.env import make_problem

pytest.importorskip("ray")

from gymcc.agents.rllib import environment
from gymcc.agents.rllib.build import build
from gymcc.agents.rllib.replay import Trajectory
from gymcc.agents.rllib.session import local_ray

SHAPE = "m64_n96_k128"


@pytest.fixture(scope="module", autouse=True)
def one_ray() -> Iterator[None]:
    with local_ray(runners=0):
        yield


@pytest.fixture
def one_shape(tmp_path: Path) -> str:
    write_dataset(Dataset("one", (SHAPE,), "", "", shares=(1, 0, 0)), tmp_path / "one")
    return str(tmp_path / "one")


def episodes(dataset: str, **settings: Any) -> list[Trajectory]:
    """One round of 32 episodes on :data:`SHAPE` without random actions, of an untrained network."""
    greedy = {"epsilon": {"start": 0, "end": 0}}
    experiment = parse(
        {
            "env": {"id": "looptune-mm-model-v0", "options": {"dataset": dataset}},
            "algorithm": {"name": "dqn", **greedy, **settings},
            "runners": {"envs_per_runner": 32},
            "budget": {"env_steps": 1},
        }
    )
    env = environment.plain(experiment.env.id, environment.training_options(experiment))
    algorithm = build(experiment, env, 0).build_algo()
    try:
        played: list[Trajectory] = algorithm.env_runner.sample()
    finally:
        algorithm.stop()
    return played[:32]


def agreement(actions: list[int], decisions: list[int]) -> int:
    """How many leading actions are the heuristic's."""
    return next((i for i, (a, d) in enumerate(zip(actions, decisions, strict=False)) if a != d), len(decisions))


def test_demonstrations_begin_as_the_heuristic_would(one_shape: str) -> None:
    decisions = list(make_problem(backend="model").heuristic(SHAPE))
    alone = {agreement(each.actions.tolist(), decisions) for each in episodes(one_shape)}
    shown = episodes(one_shape, demonstrations=1.0)
    lengths = {agreement(each.actions.tolist(), decisions) for each in shown}
    assert len(alone) == 1, "a greedy network does the same every time"
    assert len(lengths) > 3, "prefixes are of all lengths"
    assert max(lengths) == len(decisions) > max(alone)


def test_what_was_shown_counts_as_explored(one_shape: str) -> None:
    """So n-step returns stop before it: it says nothing of what the greedy policy would have got."""
    greedy = episodes(one_shape)[0].actions[0]
    for each in episodes(one_shape, demonstrations=1.0):
        assert each.explored[0] == (each.actions[0] != greedy)
