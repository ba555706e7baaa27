"""Behavioural cloning: the loss asks the right questions, and a thin run imitates its teacher."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gymcc.agents.cloning import Examples, clone, examples, imitation_loss  # noqa: E402
from gymcc.agents.config import parse  # noqa: E402
from gymcc.agents.policy import Policy, rollout  # noqa: E402
from gymcc.agents.rllib.folder import RunFolder, RunFolderError  # noqa: E402
from gymcc.envs.core.env import CompilerEnv  # noqa: E402
from gymcc.envs.core.making import make_bare  # noqa: E402
from gymcc.envs.core.problem import Problem  # noqa: E402
from gymcc.envs.jitcse.state import CseState  # noqa: E402
from gymcc.envs.looptune.env import make_env  # noqa: E402


def batch(masks: list[float], right: list[float]) -> Examples:
    return Examples(torch.zeros(1, 1), torch.tensor([masks]).float(), torch.tensor([right]).float())


def test_a_set_prefers_every_right_candidate_to_stopping() -> None:
    asked = batch([1, 1, 1, 1], [1, 1, 0, 0])
    good, bad = torch.tensor([[9.0, 9.0, -9.0, 0.0]]), torch.tensor([[9.0, -9.0, -9.0, 0.0]])
    assert imitation_loss(good, asked, unordered=True) < 0.01 < imitation_loss(bad, asked, unordered=True)


def test_a_question_counts_by_its_weight() -> None:
    asked = batch([1, 1, 1], [1, 0, 0])._replace(weights=torch.tensor([[0.0, 2.0, 9.0]]))
    wrong_on_the_first, wrong_on_the_second = torch.tensor([[-9.0, -9.0, 0.0]]), torch.tensor([[9.0, 9.0, 0.0]])
    assert imitation_loss(wrong_on_the_first, asked, unordered=True) < 0.01
    assert imitation_loss(wrong_on_the_second, asked, unordered=True) > 8


def test_stakes_are_what_the_opposite_costs() -> None:
    body = {
        "env": {"id": "jitcse-v0", "split": "test"},
        "algorithm": {"name": "cloning", "states": 1, "stakes": 1.0},
        "budget": {"env_steps": 1},
    }
    env = make_bare("jitcse-v0", {"split": "test"})
    taught, plain = (
        examples(env, parse({**body, "algorithm": {**body["algorithm"], "stakes": each}}))  # type: ignore[dict-item]
        for each in (1.0, 0.0)
    )
    asked = taught.masks[:, :-1] > 0
    assert (plain.weights == 1).all()
    assert (taught.weights * taught.masks)[:, :-1].sum().item() == pytest.approx(asked.sum().item(), rel=1e-4)
    problem, row = env.problem, 7
    first, second = _two_stakes(problem, env.instances[row], taught.weights[row])
    assert first[0] * second[1] == pytest.approx(second[0] * first[1], rel=1e-4)


def _two_stakes(problem: Problem[CseState], instance: str, weights: torch.Tensor) -> list[tuple[float, float]]:
    """Weight, and by how much the logarithm of the cost rises, for the two candidates that matter most."""
    decisions = problem.solution(instance)
    assert decisions is not None
    best = frozenset(decisions[:-1])
    cost = {n: problem.cost(CseState(instance, best ^ {n})) for n in range(problem.n_actions - 1) if weights[n] > 0}
    rises = [(weights[n].item(), log(cost[n] / problem.cost(CseState(instance, best)))) for n in cost]
    return sorted(rises)[-2:]


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
