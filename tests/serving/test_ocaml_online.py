"""The loop around a real OCaml compiler: it asks the server, outcomes are uploaded, what is learned decides next."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx")

from gymcc.agents.recorded import Recorded, decide, records
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.agents.serving import Client
from gymcc.agents.serving.online.episodes import to_episodes
from gymcc.agents.serving.online.sources import ListSource
from gymcc.agents.serving.publish import publish
from gymcc.envs.ocaml.library import PROGRAMS
from gymcc.scripts.ocaml_ppx import Exploration
from gymcc.scripts.ocaml_upload import reward
from tests.ocaml.compiler_cases import CLOSURE, DATA, needs_closure, own_cache
from tests.ocaml.linear_policies import write_policy

__all__ = ["own_cache"]
CONFIG = Path(__file__).parents[2] / "configs" / "ocaml-dqn.yaml"
COMMAND = [sys.executable, "-m", "gymcc.scripts.main"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "WANDB_MODE": "disabled"}
EXPLAINED = re.compile(r"^\S+:\d+:\d+.* (\S+): (\w+)$", re.MULTILINE)
INLINE, NEVER = 1, 2
STEPS = 30  # decisions that two compilations of two programs upload


def run_gymcc(*arguments):
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], env=ENVIRONMENT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ocamlopt(folder, source, server, name, more=""):
    """Compile a program as the published policy decides, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    (folder / source.name).write_bytes(source.read_bytes())
    ppx = f"{' '.join(COMMAND)} ocaml ppx --explain --serve {server} --policy {name} {more}"
    command = [CLOSURE.ocamlopt.path, "-w", "-a", "-ppx", ppx, source.name, "-o", "decided"]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


def compiled(folder, source, server, name, more=""):
    """What the program prints, and its decisions."""
    done = ocamlopt(folder, source, server, name, more)
    assert done.returncode == 0, done.stderr
    printed = subprocess.run([folder / "decided"], capture_output=True, check=True).stdout
    return printed, [decision for _, decision in EXPLAINED.findall(done.stderr)]


def plainly(folder, source):
    """What the program prints as the compiler alone makes it."""
    folder.mkdir(exist_ok=True)
    (folder / source.name).write_bytes(source.read_bytes())
    subprocess.run([CLOSURE.ocamlopt.path, "-w", "-a", source.name, "-o", "plain"], cwd=folder, check=True)
    return subprocess.run([folder / "plain"], capture_output=True, check=True).stdout


def publish_linear(orchestrator, folder, name, bias):
    path = write_policy(folder, bias=bias, observation="static")
    with Client(orchestrator.unix) as client:
        return publish(client, str(path), name)


# The compiler asks the server


@needs_closure
def test_the_policy_that_the_name_stands_for_decides_each_compilation(orchestrator, tmp_path):
    source = DATA / "paths.ml"
    expected = plainly(tmp_path / "plain", source)
    for version, (bias, decision) in enumerate([((0, 0, 1), "never"), ((0, 1, 0), "inline")], 1):
        publish_linear(orchestrator, tmp_path / decision, "paths", bias)
        folder = tmp_path / "recorded"
        printed, decisions = compiled(tmp_path / "build", source, orchestrator.unix, "paths", f"--record {folder}")
        assert printed == expected
        assert set(decisions) == {decision}
        ((_, recorded),) = records(folder)  # the last compilation's, which the program is of
        assert recorded.version == version
        assert recorded.name == str(tmp_path / "build" / "paths.ml")
        assert set(recorded.episode.actions) == {INLINE if decision == "inline" else NEVER}
        assert len(recorded.episode.actions) == len(decisions)
        assert not recorded.episode.explored.any()
    printed, decisions = compiled(tmp_path / "build", source, orchestrator.unix, "paths:1")
    assert (printed, set(decisions)) == (expected, {"never"}), "versions stay, and can be named"


@needs_closure
@pytest.mark.parametrize(
    ("name", "words"),
    [("nobody", "no policy is published as 'nobody'"), ("jit", "the policy is of jitcse-v0, not of ocaml-inline-v0")],
)
def test_a_name_of_no_use_stops_the_compiler(orchestrator, tmp_path, name, words):
    done = ocamlopt(tmp_path / "build", DATA / "paths.ml", orchestrator.unix, name)
    assert done.returncode == 2
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("gymcc: ")]
    assert words in said
    assert "Traceback" not in done.stderr


@needs_closure
def test_without_a_server_the_compiler_stops_within_a_deadline(tmp_path):
    done = ocamlopt(tmp_path / "build", DATA / "paths.ml", f"unix://{tmp_path}/none.sock", "paths")
    assert done.returncode == 2
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("gymcc: ")]
    assert "none.sock: no connection for PING" in said
    assert not (tmp_path / "build" / "decided").exists()


# Outcomes


@given(st.floats(0.01, 100), st.floats(0.1, 10), st.floats(0, 2))
def test_outcomes_are_worth_what_the_environment_says(cost, growth, weight):
    own = cost * max(1.0, growth) ** weight  # OcamlInline.evaluate, of a default of 1
    assert reward(7 * cost, 7.0, (300 * growth, 300.0), weight) == pytest.approx(-log(own), abs=1e-9)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((0.0, 1.0, None, 0.1), "--cost"),
        ((1.0, float("nan"), None, 0.1), "--baseline"),
        ((1.0, 1.0, (5.0, None), 0.1), "--baseline-size"),
    ],
)
def test_outcomes_that_are_none_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        reward(*wrong)


def recorded_episode(steps, version, name):
    random = np.random.default_rng(steps)
    episode = Trajectory(
        random.random((steps + 1, 5), np.float32),
        np.ones((steps + 1, 3), np.int8),
        random.integers(0, 3, steps),
        np.zeros(steps, np.float32),
        random.random(steps) < 0.5,
    )
    return Recorded(episode, version, name)


def test_recorded_episodes_arrive_with_the_outcome_at_their_ends_and_leave_the_folder(orchestrator, tmp_path, gymcc):
    sent = {name: recorded_episode(steps, 3, name) for name, steps in (("a.ml", 4), ("b.ml", 1))}
    for each in (*sent.values(), recorded_episode(9, 2, "c/a.ml"), replace(sent["a.ml"], name="c/a.ml")):
        each.write(tmp_path)
    told = gymcc(
        "ocaml", "upload", str(tmp_path), "--server", orchestrator.unix, "--list", "sent", "--cost", "50",
        "--baseline", "100",
    )  # fmt: skip
    assert "3 episodes of 9 decisions uploaded to sent, reward 0.6931" in told
    assert list(tmp_path.iterdir()) == []
    with Client(orchestrator.unix) as client:
        found = [each for batch in ListSource(client, "sent").fetch() for each in to_episodes(batch, 5, 3)]
    assert sorted(len(each.actions) for each in found) == [1, 4, 4]
    for each in found:
        one = sent["a.ml" if len(each.actions) == 4 else "b.ml"].episode
        for column in ("observations", "masks", "actions", "explored"):
            assert np.array_equal(getattr(each, column), getattr(one, column)), column
        assert each.rewards[-1] == pytest.approx(log(2))
        assert not each.rewards[:-1].any()
    assert "no recorded episodes here" in gymcc("ocaml", "upload", str(tmp_path), "--cost", "1", "--baseline", "1")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no archive"])
def test_a_broken_record_is_named(tmp_path, content):
    (tmp_path / "x.episode.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.episode\.npz is no recorded episode"):
        list(records(tmp_path))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_explored_decisions_are_legal_and_marked(seed):
    from random import Random

    from gymcc.agents.policy import Policy
    from gymcc.envs.core.making import make_bare

    env = make_bare("jitcse-v0", {})
    policy, instance = Policy.load("jitcse-cloning"), env.instances[seed % len(env.instances)]
    episode = decide(policy, env, instance, 0.5, Random(seed))
    scores = policy.scores(episode.observations[:-1], episode.masks[:-1]).argmax(-1)
    assert np.array_equal(episode.explored, scores != episode.actions)
    assert all(mask[action] for mask, action in zip(episode.masks, episode.actions, strict=False))


def test_a_seed_tries_a_file_alike_each_time_and_files_of_a_program_differently():
    def drawn(seed, source):
        return Exploration(0.5, seed).random(source).random()

    assert drawn(3, "build/a.ml") == drawn(3, "other/a.ml")
    assert len({drawn(3, "a.ml"), drawn(3, "b.ml"), drawn(4, "a.ml"), drawn(None, "a.ml"), drawn(None, "a.ml")}) == 5


# The whole loop


@needs_closure
def test_compilations_train_the_policy_that_decides_later_ones(orchestrator, tmp_path, gymcc):
    pytest.importorskip("ray")
    server, name = orchestrator.unix, "inlining"
    publish_linear(orchestrator, tmp_path / "first", name, (0, 0, 1))  # inlines nothing, which is worse than default
    unseen = PROGRAMS / "quaternions.ml"
    expected = plainly(tmp_path / "plain", unseen)
    printed, before = compiled(tmp_path / "unseen", unseen, server, name)
    assert (printed, set(before)) == (expected, {"never"})
    for source in (DATA / "paths.ml", DATA / "pipeline.ml"):
        expected_here = plainly(tmp_path / "plain", source)
        baseline = instructions(tmp_path / "plain" / "plain")
        for epsilon in (0.0, 0.6):
            recorded = tmp_path / "recorded"
            more = f"--record {recorded} --epsilon {epsilon} --seed 3"
            assert compiled(tmp_path / "build", source, server, name, more)[0] == expected_here
            cost = instructions(tmp_path / "build" / "decided")
            told = {"--cost": cost, "--baseline": baseline, "--server": server, "--list": f"{name}-episodes"}
            gymcc("ocaml", "upload", str(recorded), *(str(part) for pair in told.items() for part in pair))
    rows = train(server, name, tmp_path / "run")
    assert rows[-1]["refused"] == 0
    assert rows[-1]["env_steps"] == STEPS
    assert rows[-1]["published"] > 1, "what was learned is better than to inline nothing"
    printed, after = compiled(tmp_path / "unseen", unseen, server, name, f"--record {tmp_path / 'later'}")
    ((_, recorded_later),) = records(tmp_path / "later")
    assert printed == expected
    assert recorded_later.version == rows[-1]["published"]
    assert set(after) != {"never"}


def instructions(program):
    counting = [CLOSURE.valgrind.path, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run([*counting, program], capture_output=True, text=True, check=True)
    return int(re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)[1].replace(",", ""))


def train(server, name, run):
    """On all that was uploaded; ends once there is nothing more."""
    data = {"address": server, "publish": name, "list": f"{name}-episodes", "patience": 1}
    learning = "name: dqn, lr: 0.003, batch_size: 16, learning_starts: 20, replay_ratio: 64, gamma: 1.0, n_step: 10"
    changes = [
        f"data={json.dumps(data)}",
        f"budget={{env_steps: {STEPS}, minutes: 2, iteration_steps: {STEPS}}}",
        f"algorithm={{{learning}, target_update: 10}}",
        "validation={split: validation, instances: 2, every: 1, options: {dataset: ocaml/programs}}",
        "checkpoint.every=100",
    ]
    run_gymcc("train", CONFIG, "--out", run, *(part for each in changes for part in ("--set", each)))
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
