"""Imitation of what workers upload: the best episodes are learned, better policies go to work, silence ends it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from gymcc.agents.config import Uploads
from gymcc.agents.demonstrations import Demonstrations, right
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving import Client, served_policy
from gymcc.agents.serving.online.episodes import to_transitions
from gymcc.agents.serving.online.upload import TransitionUploader

ENV = "looptune-mm-model-v0"
CONFIG = """
env: {id: looptune-mm-model-v0, split: validation}
algorithm: {name: cloning, batch_size: 64, lr: 0.003}
network: {layers: [64]}
budget: {env_steps: 20000, iteration_steps: 10000}
validation: {split: validation, instances: 8, every: 1}
logger: {wandb: {mode: disabled}}
"""


def train(gymcc, tmp_path, run, data, *more):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    sets = [f"data={json.dumps(data)}", *more]
    printed = gymcc("train", str(path), "--out", str(tmp_path / run), *(p for each in sets for p in ("--set", each)))
    metrics = tmp_path / run / "metrics.jsonl"
    return printed, [json.loads(line) for line in metrics.read_text().splitlines()] if metrics.exists() else []


def work(gymcc, server, name, episodes, *more):
    target = ("--policy", name, "--list", f"{name}-episodes", "--server", server)
    return gymcc("work", ENV, *target, "--split", "validation", "--episodes", str(episodes), *more)


def test_what_workers_do_best_is_imitated_published_and_followed(gymcc, orchestrator, tmp_path):
    server, name = orchestrator.unix, "imitated"
    data = {"address": server, "list": f"{name}-episodes", "publish": name, "patience": 0.2}
    assert "policy version -1" in work(gymcc, server, name, 60, "--teacher", "heuristic", "--epsilon", "0")
    work(gymcc, server, name, 20, "--rank", "at-random", "--teacher", "random")  # worse, and not imitated
    _, rows = train(gymcc, tmp_path, "first", data)
    assert rows[-1]["episodes"] == 80
    assert rows[-1]["starts"] < 80, "some programs came twice"
    best = max(row["validation_speedup"] for row in rows)
    assert best > 1.2, "the heuristic's speed-up is learned"
    assert rows[-1]["published"] == 1
    with Client(server) as client:
        assert served_policy(client, name).card.validation["speedup"] == pytest.approx(best)
    assert "policy version 1" in work(gymcc, server, name, 50, "--epsilon", "0")
    worse, rows = train(gymcc, tmp_path, "second", {**data, "consume": False}, "algorithm.lr=1e-9", "seed=3")
    assert rows[-1]["validation_speedup"] < best
    assert rows[-1]["published"] == 1, "a worse one stays at home"
    assert "ended" not in worse


def test_silence_ends_it_and_is_told(gymcc, orchestrator, tmp_path):
    data = {"address": orchestrator.unix, "list": "nobody-writes-here", "patience": 0.05, "idle_minutes": 0.005}
    printed, rows = train(gymcc, tmp_path, "run", data)
    assert "ended:   nothing that can be learned from was uploaded to 'nobody-writes-here' for 0.005 minutes" in printed
    assert rows == []


def episode(start: float, rewards: list[float], actions: list[int]) -> Trajectory:
    observations = np.arange(len(actions) + 1, dtype=np.float32)[:, None] + start
    masks = np.ones((len(actions) + 1, 4), np.int8)
    return Trajectory(
        observations, masks, np.array(actions), np.array(rewards, np.float32), np.zeros(len(actions), bool)
    )


def test_of_every_start_the_best_is_kept_and_of_equals_the_shorter(orchestrator):
    shown = Demonstrations(Uploads(address=orchestrator.unix, list="starts", patience=0.01), 1, 4, unordered=False)
    assert not shown.look()
    with Client(orchestrator.unix) as client:
        uploader = TransitionUploader("starts", client=client)
        for each in (
            episode(0, [0, 1], [0, 1]),
            episode(0, [0.5], [2]),
            episode(0, [1], [3]),
            episode(10, [-1], [0]),
            episode(0, [0.5, 0.5], [2, 2]),
        ):
            uploader.put_transitions(to_transitions(each), 0)
    assert shown.look()
    observations, _, marks = shown.parts()
    assert observations.ravel().tolist() == [0, 10]
    assert marks.tolist() == [[0, 0, 0, 1], [1, 0, 0, 0]]
    assert (shown.episodes, len(shown)) == (5, 2)


@settings(max_examples=30)
@given(st.permutations(range(6)), st.integers(0, 6))
def test_of_a_set_all_that_is_still_taken_is_right(order, count):
    taken = order[:count]
    found = right(episode(0, [0] * (count + 1), [min(each, 3) for each in taken] + [3]), unordered=True)
    for at, row in enumerate(found):
        later = {min(each, 3) for each in taken[at:]} - {3}
        assert set(np.flatnonzero(row)) == (later or {3})
