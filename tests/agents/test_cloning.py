"""Behavioural cloning: the loss asks the right questions, and a thin run imitates its teacher."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gymcc.agents.cloning import Examples, clone, imitation_loss  # noqa: E402
from gymcc.agents.config import parse  # noqa: E402
from gymcc.agents.policy import Policy, rollout  # noqa: E402
from gymcc.agents.rllib.folder import RunFolder, RunFolderError  # noqa: E402
from gymcc.envs.core.env import CompilerEnv  # noqa: E402
from gymcc.envs.looptune.env import make_env  # noqa: E402


def batch(masks: list[float], right: list[float]) -> Examples:
    return Examples(torch.zeros(1, 1), torch.tensor([masks]).float(), torch.tensor([right]).float())


def test_a_set_prefers_every_right_candidate_to_stopping() -> None:
    asked = batch([1, 1, 1, 1], [1, 1, 0, 0])
    good, bad = torch.tensor([[9.0, 9.0, -9.0, 0.0]]), torch.tensor([[9.0, -9.0, -9.0, 0.0]])
    assert imitation_loss(good, asked, unordered=True) < 0.01 < imitation_loss(bad, asked, unordered=True)


def test_illegal_actions_do_not_count() -> None:
    for unordered in (False, True):
        asked = batch([1, 0, 1], [1, 0, 0])
        low, high = torch.tensor([[5.0, -9.0, 0.0]]), torch.tensor([[5.0, 99.0, 0.0]])
        assert imitation_loss(low, asked, unordered) == imitation_loss(high, asked, unordered)


def test_a_clone_decides_as_the_heuristic_does(tmp_path: Path) -> None:
    experiment = parse(
        {
            "env": {"id": "looptune-mm-model-v0", "split": "test"},  # few instances, learned by heart
            "algorithm": {"name": "cloning", "teacher": "heuristic", "batch_size": 64},
            "network": {"layers": [64]},
            "budget": {"env_steps": 40_000, "iteration_steps": 20_000},
            "validation": {"instances": 4, "every": 1},
            "logger": {"wandb": {"mode": "disabled"}},
        }
    )
    rows: list[dict[str, object]] = []
    run = clone(experiment, tmp_path / "run", rows.append)
    env: CompilerEnv[object] = make_env(backend="model", split="test")  # type: ignore[assignment]
    policy = Policy.load(run)
    taught = [(list(env.problem.heuristic(each)), rollout(policy, env, each)) for each in env.instances[:20]]
    assert sum(done[: len(shown)] == shown for shown, done in taught) >= 18
    assert [row["iteration"] for row in rows] == [1, 2] == [row["iteration"] for row in RunFolder(run).rows()]
    with pytest.raises(RunFolderError, match="exists already"):
        clone(experiment, run, rows.append)
