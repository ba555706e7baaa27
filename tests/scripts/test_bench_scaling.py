"""`gymcc bench scaling`: it measures, says where the time went, and predicts; bad input is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("ray")

ALGORITHMS = {
    "ppo": "{name: ppo, batch_size: 160, minibatch_size: 80, epochs: 1}",
    "dqn": "{name: dqn, batch_size: 32, replay_ratio: 1, learning_starts: 50}",
    "appo": "{name: appo, batch_size: 160}",
}


@pytest.mark.parametrize(("algorithm", "runners"), [("ppo", "0,1"), ("dqn", "0"), ("appo", "1")])
def test_measured_beside_predicted(gymcc: Any, algorithm: str, runners: str) -> None:
    settings = ("env.id=looptune-mm-model-v0", "network={layers: [16]}", f"algorithm={ALGORITHMS[algorithm]}")
    overrides = [argument for setting in settings for argument in ("--set", setting)]
    brief = ("--seconds", "0.5", "--warm-up", "0", "--predict", "4,16", "--json")
    status, out, err = gymcc("bench", "scaling", "--runners", runners, *brief, *overrides)
    assert status == 0, err
    tables = json.loads(out)
    assert [str(row["runners"]) for row in tables["measured"]] == runners.split(",")
    for row in tables["measured"]:
        parts = ("stepping", "inference", "columns", "waiting", "transfer", "learner", "other")
        assert sum(row[f"{part}_%"] for part in parts) == pytest.approx(100, abs=1)
        assert row["learner_%"] > 0
        assert row["steps_per_s"] > 0
        assert row["model"] > 0
    assert [row["runners"] for row in tables["predicted"]] == [4, 16]
    assert all(row["gain"] > 0 and row["bottleneck"] for row in tables["predicted"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--runners", "1,x"], "--runners: expected whole numbers from 0"),
        (["--predict", "-4"], "--predict: expected whole numbers from 0"),
        (["--set", "algorithm={name: cloning}"], "cloning has no runners; allowed: dqn, ppo, impala, appo"),
        (["--slow", "-1"], "--slow"),
    ],
)
def test_bad_input_is_told_in_one_line(gymcc: Any, arguments: list[str], words: str) -> None:
    status, out, err = gymcc("bench", "scaling", *arguments)
    assert status == 2
    assert words in err
    assert not out
