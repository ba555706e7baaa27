"""The whole loop through the command line: workers upload, the training publishes what is better, workers follow it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray")

from gymcc.agents.config import load
from gymcc.agents.rllib.gate import Gate
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.rllib.validation import Validator
from gymcc.agents.serving import Client
from gymcc.agents.serving.online.episodes import to_episodes, to_transitions
from gymcc.agents.serving.online.upload import TransitionUploader

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"


def work(gymcc, server: str, name: str, episodes: int, *more: object) -> list[tuple[int, float]]:
    """Versions that decided, and the recent speed-up, every 50 episodes."""
    target = ("--policy", name, "--list", f"{name}-episodes", "--server", server, "--episodes", episodes)
    told = gymcc(*map(str, ("work", "looptune-mm-model-v0", *target, *more)))
    return [
        (int(version), float(gain)) for version, gain in re.findall(r"version (-?\d+), recent speed-up (\S+)", told)
    ]


def train(gymcc, server: str, name: str, run: Path, steps: int) -> tuple[list[dict[str, float]], str]:
    """Rows of metrics, and what was printed."""
    data = {"address": server, "publish": name, "list": f"{name}-episodes", "patience": 0.5, "idle_minutes": 0.03}
    settings = [
        f"data={json.dumps(data)}",
        f"budget={{env_steps: {steps}, iteration_steps: 500}}",
        "validation.every=2",
    ]
    settings.append("logger={wandb: {mode: disabled}}")
    told = gymcc("train", str(SMOKE), "--out", str(run), *(part for each in settings for part in ("--set", each)))
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()], told


def test_uploads_train_a_policy_that_workers_then_follow_and_a_worse_one_stays_at_home(gymcc, orchestrator, tmp_path):
    server, name, run = orchestrator.unix, "looped", tmp_path / "run"
    with Client(server) as client:  # of another environment
        TransitionUploader("looped-episodes", client=client).put_transitions(to_transitions(episode(4)), 0)
    before = work(gymcc, server, name, 150, "--epsilon", 0.2)
    assert {version for version, _ in before} == {-1}, "nobody has published yet"
    rows, told = train(gymcc, server, name, run, 1_000_000)
    assert "ended:   nothing that can be learned from was uploaded to 'looped-episodes' for 0.03 minutes" in told
    assert rows[-1]["env_steps"] >= 1400, "and all that had been was learned from"
    assert rows[-1]["refused"] == 1
    best = max(row.get("validation_speedup", 0) for row in rows)
    assert "validation_speedup" in rows[-1], "however it ends, it ends with a validation"
    with Client(server) as client:
        (at_work,) = (model.key for model in client.get_models() if name in model.aliases)
        card = json.loads(client.get_card(name))
        assert at_work == f"{name}:{int(rows[-1]['published'])}"
        assert card["validation"]["speedup"] == pytest.approx(best), "the best one seen is at work"
        after = work(gymcc, server, name, 50, "--epsilon", 0.0)
        assert after[0][0] == rows[-1]["published"]
        assert after[0][1] > before[-1][1], "what it learned shows where it decides"
        gate = Gate.of(load(run / "config.yaml"), Validator(load(run / "config.yaml")))
        assert gate.offer(run, best * 0.999) is None, "a worse one is not published"
        assert gate.at_work() == at_work
        assert gate.offer(run, best * 1.001) == gate.at_work() != at_work


def episode(steps: int) -> Trajectory:
    random = np.random.default_rng(steps)
    return Trajectory(
        random.random((steps + 1, 5), np.float32),
        np.ones((steps + 1, 3), np.int8),
        random.integers(0, 3, steps),
        random.random(steps, np.float32),
        random.random(steps) < 0.5,
    )


def test_episodes_come_back_as_they_were_sent():
    sent = [episode(steps) for steps in (1, 4, 2)]
    parts = [to_transitions(each) for each in sent]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for one, other in zip(sent, to_episodes(joined, 5, 3), strict=True):
        for column in ("observations", "masks", "actions", "rewards", "explored"):
            assert np.array_equal(getattr(one, column), getattr(other, column)), column
    cut = {name: column[:-1] for name, column in joined.items()}
    assert len(to_episodes(cut, 5, 3)) == 2, "an episode without its end is left out"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("samples", np.zeros((4, 6), np.float32), "samples has shape"),
        ("next_masks", np.zeros((4, 2), np.int8), "next_masks has shape"),
        ("rewards", np.zeros(3, np.float32), "several lengths"),
        ("actions", np.array([0, 1, 2, 3]), "beyond 0 to 2"),
        ("actions", np.array([0, 1, 2, -1]), "beyond 0 to 2"),
        ("actions", np.zeros(4, np.float32), "beyond 0 to 2"),
        ("rewards", np.zeros((4, 1), np.float32), "one number for each sample"),
        ("rewards", np.array([0, 1, np.nan, 0], np.float32), "not finite"),
        ("next_samples", np.full((4, 5), np.inf, np.float32), "not finite"),
        ("masks", np.zeros((4, 3), np.int8), "its mask forbids"),
        ("dones", None, "without dones"),
    ],
)
def test_what_is_no_batch_of_transitions_is_refused(name, value, told):
    batch = {**to_transitions(episode(4)), name: value}
    with pytest.raises(ValueError, match=told):
        to_episodes({key: column for key, column in batch.items() if column is not None}, 5, 3)
