"""Episodes as the runner plays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gymcc.agents.config import parse
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.dataset_files import write_dataset
from gymcc.envs.looptune.env import make_problem

pytest.importorskip("ray")

from gymcc.agents.rllib import environment
from gymcc.agents.rllib.build import build
from gymcc.agents.rllib.session import local_ray
from gymcc.agents.rllib.trajectory import Trajectory

SHAPE = "m64_n96_k128"


@pytest.fixture(scope="module", autouse=True)
def one_ray() -> Iterator[None]:
    with local_ray(runners=0):
        yield


@pytest.fixture
def one_shape(tmp_path: Path) -> str:
    write_dataset(Dataset("one", (SHAPE,), "", "", shares=(1, 0, 0)), tmp_path / "one")
    return str(tmp_path / "one")


def played(env: dict[str, Any], algorithm: dict[str, Any], side_by_side: int, steps: int = 1) -> list[Trajectory]:
    """Episodes of an untrained network, the same of each algorithm every time."""
    experiment = parse(
        {
            "env": env,
            "algorithm": algorithm,
            "network": {"layers": [16]},
            "runners": {"envs_per_runner": side_by_side},
            "budget": {"env_steps": 1},
        }
    )
    sample = environment.plain(experiment.env.id, environment.training_options(experiment))
    built = build(experiment, sample, 0).build_algo()
    try:
        found: list[Trajectory] = built.env_runner.sample(steps=steps)
    finally:
        built.stop()
    return found


def episodes(dataset: str, **settings: Any) -> list[Trajectory]:
    """One round of 32 episodes on :data:`SHAPE` without random actions, of an untrained network."""
    algorithm = {"name": "dqn", "epsilon": {"start": 0, "end": 0}, **settings}
    return played({"id": "looptune-mm-model-v0", "options": {"dataset": dataset}}, algorithm, side_by_side=32)


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


ENVS = [
    {"id": "looptune-mm-model-v0"},
    {"id": "jitcse-v0", "options": {"dataset": "jitcse/generated"}},  # episodes of many lengths
]
ALGORITHMS = [
    {"name": "dqn", "demonstrations": 0.3, "epsilon": {"start": 0.3, "stretches": 0.3}},
    {"name": "ppo"},
]


@pytest.fixture(scope="module")
def looped() -> Callable[[int, int], list[Trajectory]]:
    """One after the other."""
    return lru_cache(lambda env, algorithm: played(ENVS[env], ALGORITHMS[algorithm], side_by_side=1, steps=150))


@given(st.integers(0, 1), st.integers(0, 1), st.integers(2, 40), st.integers(1, 150))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batched_is_looped(looped: Any, env: int, algorithm: int, side_by_side: int, steps: int) -> None:
    """Law 10: an episode is the same whatever is played beside it, random actions included."""
    batched = played(ENVS[env], ALGORITHMS[algorithm], side_by_side, steps)
    assert [each.number for each in batched] == list(range(len(batched)))
    assert sum(len(each.actions) for each in batched) >= steps
    compared = list(zip(batched, looped(env, algorithm), strict=False))
    assert compared
    for one, other in compared:
        assert one.instance == other.instance
        for name in ("observations", "masks", "actions", "rewards", "explored"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        for mine, theirs in zip(one.opinion or (), other.opinion or (), strict=True):
            assert np.allclose(mine, theirs, rtol=1e-4, atol=1e-4)  # sums of floats in another order


def test_sampling_follows_the_policy() -> None:
    """Actions are as frequent as their probabilities say, and never illegal."""
    found = played(ENVS[0], {"name": "ppo"}, side_by_side=64, steps=6000)
    logits = np.concatenate([each.opinion.logits for each in found])
    actions = np.concatenate([each.actions for each in found])
    masks = np.concatenate([each.masks[:-1] for each in found])
    assert masks[np.arange(len(actions)), actions].all()
    chances = np.exp(logits - logits.max(-1, keepdims=True)) * masks
    chances /= chances.sum(-1, keepdims=True)
    logp = np.concatenate([each.opinion.logp for each in found])
    assert np.allclose(np.exp(logp), chances[np.arange(len(actions)), actions], atol=1e-5)
    expected, variance = chances.sum(0), (chances * (1 - chances)).sum(0)
    counts = np.bincount(actions, minlength=chances.shape[1])
    assert (np.abs(counts - expected) <= 5 * np.sqrt(variance) + 1).all()
