"""Training: thin runs of both algorithms, and runs that are killed, interrupted, resumed or misdirected."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import gymcc
from gymcc.agents.config import ConfigError, Experiment, dump, load, parse
from gymcc.agents.policy import Policy, rollout
from gymcc.envs.core.env import CompilerEnv

ray = pytest.importorskip("ray")

from gymcc.agents.rllib import environment  # noqa: E402
from gymcc.agents.rllib.build import build  # noqa: E402
from gymcc.agents.rllib.export import load_weights  # noqa: E402
from gymcc.agents.rllib.folder import RunFolder, RunFolderError  # noqa: E402
from gymcc.agents.rllib.session import local_ray  # noqa: E402
from gymcc.agents.rllib.train import learner_module, restore, train, weight_sum  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "env": {"id": "looptune-mm-model-v0"},
    "algorithm": {
        "name": "dqn",
        "batch_size": 32,
        "replay_ratio": 1,
        "buffer_size": 2000,
        "learning_starts": 100,
        "target_update": 200,
        "epsilon": {"stretches": 0.5},
    },
    "network": {"layers": [32]},
    "runners": {"envs_per_runner": 8},
    "budget": {"env_steps": 320, "iteration_steps": 160},
    "validation": {"instances": 4, "every": 1},
    "checkpoint": {"every": 1},
    "logger": {"wandb": {"mode": "disabled"}},
}
PPO = {"name": "ppo", "batch_size": 160, "minibatch_size": 80, "epochs": 2}
IMPALA = {"name": "impala", "batch_size": 160, "trace": 8}
APPO = {"name": "appo", "batch_size": 160, "epochs": 2, "target_update": 1}


def small(**changes: Any) -> Experiment:
    return parse({**SMALL, **changes})


@pytest.fixture(scope="module", autouse=True)
def one_ray() -> Any:
    """One Ray for all tests of this file that train in this process."""
    with local_ray(runners=1):
        yield


@pytest.mark.parametrize("algorithm", [SMALL["algorithm"], PPO, IMPALA, APPO], ids=["dqn", "ppo", "impala", "appo"])
def test_a_run_leaves_what_the_contract_says(algorithm: dict[str, Any], tmp_path: Path) -> None:
    run, seen = tmp_path / "run", []
    assert train(small(algorithm=algorithm), run, progress=seen.append) == run
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows == seen
    assert [row["env_steps"] for row in rows] == [160, 320]
    assert all(row["illegal_rate"] == 0 and row["validation_speedup"] > 0 for row in rows)
    assert load(run / "config.yaml") == small(algorithm=algorithm)
    facts = json.loads((run / "run.json").read_text())
    data = gym.make("looptune-mm-model-v0").unwrapped.problem.datasets["looptune/mm-64-256-16"]
    assert facts["trained_on"]["dataset"] == facts["validated_on"]["dataset"] == data.name
    assert facts["trained_on"]["count"] == len(data.split("train"))
    assert facts["gymcc"] == gymcc.__version__
    policy = Policy.load(run)
    assert policy.card.validation["speedup"] == max(row["validation_speedup"] for row in rows)
    assert Policy.load(RunFolder(run).latest()).card.env_steps == 320
    env = gym.make("looptune-mm-model-v0").unwrapped
    assert isinstance(env, CompilerEnv)
    assert len(rollout(policy, env, "m64_n64_k64")) == 10


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(RunFolderError, match="exists already"):
        train(small(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(RunFolderError, match="not a run folder"):
        train(None, tmp_path, resume=True)


def test_more_measuring_processes_than_cores_are_refused() -> None:
    experiment = small(runners={"num_env_runners": 1000})
    env = environment.plain("looptune-mm-model-v0", {})
    env.problem.deterministic = False
    with pytest.raises(ConfigError, match=r"runners\.num_env_runners: 1000 processes would measure on"):
        build(experiment, env, 0)


def test_a_remote_runner_has_the_restored_weights(tmp_path: Path) -> None:
    run = train(small(algorithm=PPO), tmp_path / "run")
    experiment = small(algorithm=PPO, runners={"num_env_runners": 1, "envs_per_runner": 2})
    env = environment.plain("looptune-mm-model-v0", {})
    algorithm = build(experiment, env, 5).build_algo()
    try:
        fresh = weight_sum(learner_module(algorithm))
        checkpoint = RunFolder(run).latest()
        assert checkpoint is not None
        restore(algorithm, checkpoint)
        restored = weight_sum(learner_module(algorithm))
        found = algorithm.env_runner_group.foreach_env_runner(lambda r: weight_sum(r.module), local_env_runner=False)
        assert abs(restored - fresh) > 1e-3
        assert found == [pytest.approx(restored)]
    finally:
        algorithm.stop()


def test_training_starts_from_a_policys_weights(tmp_path: Path) -> None:
    first = train(small(), tmp_path / "first")
    steps = {"env_steps": 80, "iteration_steps": 80}  # fewer than learning_starts: nothing is learned
    second = train(small(init_from=str(first), budget=steps), tmp_path / "second")
    assert _scores(Policy.load(second)) == _scores(Policy.load(first))
    with pytest.raises(ConfigError, match=r"init_from: .* is of another network"):
        train(small(init_from=str(first), network={"layers": [16]}), tmp_path / "third")
    assert not (tmp_path / "third").exists()


@pytest.mark.parametrize("algorithm", [SMALL["algorithm"], PPO, APPO], ids=["dqn", "ppo", "appo"])
def test_the_same_seed_is_the_same_training(algorithm: dict[str, Any], tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, Any]]] = {"one": [], "other": [], "another": []}
    for name, seen in rows.items():
        train(small(algorithm=algorithm, seed=int(name == "another")), tmp_path / name, progress=seen.append)
    one, other, another = ([(row["return_mean"], row["loss"]) for row in seen] for seen in rows.values())
    assert one == other
    assert one != another


@pytest.mark.parametrize("algorithm", [IMPALA, APPO], ids=["impala", "appo"])
def test_what_does_not_wait_learns_too(algorithm: dict[str, Any], tmp_path: Path) -> None:
    """With a runner in another process; illegal and useless moves are the first to be unlearned."""
    budget = {"env_steps": 8000, "iteration_steps": 1000}
    settings = {**algorithm, "batch_size": 250, "lr": 0.001}
    runners = {"num_env_runners": 1, "envs_per_runner": 16}
    seen: list[dict[str, Any]] = []
    changes = {"network": {"layers": [64]}, "validation": {"instances": 4, "every": 100}, "checkpoint": {"every": 100}}
    train(small(algorithm=settings, runners=runners, budget=budget, **changes), tmp_path / "run", progress=seen.append)
    assert seen[-1]["env_steps"] >= 8000
    assert seen[-1]["return_mean"] > seen[0]["return_mean"] + 0.1
    rows = resumed(tmp_path / "run")
    assert rows[: len(seen)] == seen
    assert rows[-1]["env_steps"] >= seen[-1]["env_steps"] + 320


def _scores(policy: Policy) -> list[float]:
    env = environment.plain("looptune-mm-model-v0", {})
    observation, info = env.reset(options={"instance": "m64_n64_k64"})
    scores: list[float] = policy.scores(observation[None], info["action_mask"][None])[0].tolist()
    return scores


PROGRAM = """
import sys
from pathlib import Path
from gymcc.agents.config import load
from gymcc.agents.rllib.session import local_ray  # noqa: E402
from gymcc.agents.rllib.train import train
train(load(Path(sys.argv[1])), Path(sys.argv[2]), progress=lambda row: print(row["iteration"], flush=True))
"""


def start(tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """A long training in a process of its own, at its third iteration."""
    config, run = tmp_path / "long.yaml", tmp_path / "run"
    config.write_text(dump(small(budget={"env_steps": 10_000_000, "iteration_steps": 160})))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(config), str(run)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline()
    return process, run


def resumed(run: Path) -> list[dict[str, Any]]:
    """Go on for two more iterations; the run's rows."""
    folder = RunFolder(run)
    checkpoint = folder.latest()
    assert checkpoint is not None
    steps = json.loads((checkpoint / "state.json").read_text())["env_steps"]
    body = folder.experiment().model_dump(mode="json")
    (run / "config.yaml").write_text(
        dump(parse({**body, "budget": {"env_steps": steps + 320, "iteration_steps": 160}}))
    )
    train(None, run, resume=True)
    return list(folder.rows())


def test_a_killed_run_goes_on_where_its_last_checkpoint_was(tmp_path: Path) -> None:
    process, run = start(tmp_path)
    process.kill()
    process.wait(60)
    best = Policy.load(run).card.validation["speedup"]
    state = json.loads((RunFolder(run).latest() / "state.json").read_text())
    rows = resumed(run)
    assert [row["iteration"] for row in rows] == list(range(1, state["iteration"] + 3))
    assert [row["env_steps"] for row in rows] == [160 * row["iteration"] for row in rows]
    assert rows[-1]["seconds"] > state["seconds"]
    assert Policy.load(run).card.validation["speedup"] >= best


def test_an_interrupt_ends_the_run_with_a_checkpoint(tmp_path: Path) -> None:
    process, run = start(tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) != 0
    rows = list(RunFolder(run).rows())
    assert RunFolder(run).latest().name == f"{rows[-1]['iteration']:06d}"
    assert len(resumed(run)) == len(rows) + 2


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    run = train(small(), tmp_path / "run")
    checkpoint = RunFolder(run).latest()
    assert checkpoint is not None
    (checkpoint / "algorithm_state.pkl").write_bytes(b"torn")
    with pytest.raises(RunFolderError, match=f"{checkpoint.name}: cannot restore .*; delete it to go on from 000001"):
        train(None, run, resume=True)
    (checkpoint / "state.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"state\.json: damaged"):
        train(None, run, resume=True)


def test_offline_tracking_can_be_gone_on_with(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    offline = {"wandb": {"mode": "offline"}}
    run = train(small(logger=offline, budget={"env_steps": 160, "iteration_steps": 160}), tmp_path / "run")
    first = sorted((run / "wandb").glob("offline-run-*"))
    rows = resumed(run)
    folders = sorted((run / "wandb").glob("offline-run-*"))
    assert (len(first), len(folders), len(rows)) == (1, 2, 3)
    assert len({folder.name.rsplit("-", 1)[1] for folder in folders}) == 1
    assert all(list(folder.glob("run-*.wandb")) for folder in folders)


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"init_from: .*no policy here"):
        load_weights(None, str(tmp_path))  # type: ignore[arg-type]
    (tmp_path / "policy.onnx").write_bytes(b"not a network")
    with pytest.raises(ConfigError, match="init_from"):
        load_weights(None, str(tmp_path))  # type: ignore[arg-type]
