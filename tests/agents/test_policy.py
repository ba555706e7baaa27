"""An exported policy: equal to the network it came from, light to load, and refused where it does not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gymcc  # noqa: F401
from gymcc.agents.policy import Card, Policy, PolicyError, rollout, rollouts
from gymcc.envs.core.env import CompilerEnv

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("ray")

from gymcc.agents.config import parse  # noqa: E402
from gymcc.agents.rllib.export import TorchScorer, describe, export  # noqa: E402
from gymcc.agents.rllib.networks import ILLEGAL, VectorNet  # noqa: E402

EXPERIMENT = parse({"env": {"id": "looptune-mm-model-v0"}, "algorithm": {"name": "dqn"}, "budget": {"env_steps": 1}})


def model_env(**options: Any) -> CompilerEnv[Any]:
    env = gym.make("looptune-mm-model-v0", **options).unwrapped
    assert isinstance(env, CompilerEnv)
    return env


@pytest.fixture(scope="module", params=[True, False], ids=["dueling", "plain"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    torch.manual_seed(0)
    env = model_env()
    net = VectorNet(env.observation_space.shape[0], env.problem.n_actions, [64, 64], dueling=request.param)
    folder = tmp_path_factory.mktemp("policy")
    export(net, describe(EXPERIMENT, env, 0, {}), folder)
    return net, folder


def states(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Observations and masks met on random legal walks."""
    env, random = model_env(), np.random.default_rng(0)
    observation, info = env.reset(seed=0)
    observations, masks = [], []
    while len(masks) < count:
        observations.append(observation)
        masks.append(info["action_mask"])
        observation, _, terminated, truncated, info = env.step(random.choice(np.flatnonzero(info["action_mask"])))
        if terminated or truncated:
            observation, info = env.reset()
    return np.stack(observations), np.stack(masks)


def test_onnx_scores_equal_the_networks(exported: tuple[Any, Path]) -> None:
    net, folder = exported
    observations, masks = states(50)
    live, stored = TorchScorer(net).scores(observations, masks), Policy.load(folder).scores(observations, masks)
    np.testing.assert_allclose(stored, live, atol=1e-4)
    assert (stored[masks == 0] == np.float32(ILLEGAL)).all()
    assert len(np.unique(stored[masks == 1])) > 50


def test_rollout_is_greedy_legal_and_free_of_costs(exported: tuple[Any, Path]) -> None:
    policy, env = Policy.load(exported[1]), model_env()
    actions = rollout(policy, env, "m64_n80_k96")
    assert env.problem.memo.misses == 0
    observation, info = env.reset(options={"instance": "m64_n80_k96"})
    for action in actions:
        assert action == policy.act(observation, info["action_mask"])
        observation, _, terminated, truncated, info = env.step(action)
        assert not info["illegal"]
    assert terminated or truncated


def test_batched_rollouts_equal_single_ones(exported: tuple[Any, Path]) -> None:
    policy, env = Policy.load(exported[1]), model_env()
    instances = list(env.instances[:4])
    assert rollouts(policy, env, "default", instances) == [rollout(policy, env, each) for each in instances]


def test_neither_torch_nor_ray_is_loaded(exported: tuple[Any, Path]) -> None:
    program = f"""
import sys, gymnasium, gymcc
from gymcc.agents.policy import Policy, rollout
assert rollout(Policy.load({str(exported[1])!r}), gymnasium.make("looptune-mm-model-v0").unwrapped, "m64_n64_k64")
print(sorted({{"torch", "ray"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_other_actions_or_observation_are_refused(exported: tuple[Any, Path]) -> None:
    policy = Policy.load(exported[1])
    with pytest.raises(PolicyError, match="split_1024"):
        rollout(policy, model_env(action_set="extended"), "m64_n64_k64")
    other = Policy(Card(**{**vars(policy.card), "observation": "colour"}), None)
    with pytest.raises(PolicyError, match=r"'colour'; the environment offers .*default"):
        other.check(model_env())


def test_damaged_files_are_named(exported: tuple[Any, Path], tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no policy here"):
        Policy.load(tmp_path)
    (tmp_path / "policy.onnx").write_bytes(b"not a network")
    with pytest.raises(PolicyError, match=r"policy\.json: cannot read"):
        Policy.load(tmp_path)
    (tmp_path / "policy.json").write_bytes((exported[1] / "policy.json").read_bytes())
    with pytest.raises(PolicyError, match="not an ONNX network"):
        Policy.load(tmp_path)
    (tmp_path / "policy.onnx").write_bytes((exported[1] / "policy.onnx").read_bytes())
    card = json.loads((tmp_path / "policy.json").read_text())
    (tmp_path / "policy.json").write_text(json.dumps({**card, "observation_size": 3}))
    with pytest.raises(PolicyError, match="network has"):
        Policy.load(tmp_path)
    (tmp_path / "policy.json").write_text(json.dumps({**card, "schema": 99}))
    with pytest.raises(PolicyError, match="schema 99"):
        Policy.load(tmp_path)
