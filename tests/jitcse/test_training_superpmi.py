"""Training on RyuJIT through SuperPMI, from the command line, against the stub that ships."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from gymcc.agents.policy import Policy, rollout
from gymcc.envs.jitcse.env import make_env

pytest.importorskip("ray")

CONFIG = Path(__file__).parents[2] / "configs" / "jitcse-dqn.yaml"
GYMCC = [sys.executable, "-m", "gymcc.scripts.main"]
SMALL = {
    "env.options.backend": "superpmi",
    "algorithm.learning_starts": 16,
    "algorithm.batch_size": 16,
    "runners.envs_per_runner": 2,
    "runners.learner_threads": 1,
    "validation.instances": 4,
    "logger.wandb.mode": "disabled",
}
STEPS = 60
UNHARMED = 200  # requests: those that survey 40 methods, and some of the training's
PATIENCE = 100.0  # seconds
# They report to Ray's server that the training has gone; that one has gone too, which they notice after a minute.
LINGERING = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")


def train_command(out: Path, runners: int, **budget: object) -> list[str]:
    changes = SMALL | {"runners.num_env_runners": runners} | {f"budget.{name}": value for name, value in budget.items()}
    pairs = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    return [*GYMCC, "train", str(CONFIG), "--out", str(out), *pairs]


def gymcc(*arguments: str, **variables: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run([*GYMCC, *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stub(folder: Path, *arguments: str) -> dict[str, str]:
    """The variables that name a new stub and its collection."""
    (written,) = json.loads(gymcc("jitcse", "stub", "--out", str(folder), "--methods", "40", *arguments, "--json"))
    return written


def test_dqn_trains_on_superpmi(tmp_path: Path) -> None:
    variables = stub(tmp_path / "stub", "--fault", "fails@3")
    run, collection = tmp_path / "run", Path(variables["DOTNET_MLJitCorpusFile"])
    options = train_command(run, 1, minutes="null", env_steps=STEPS, iteration_steps=STEPS // 2)
    gymcc(*options[len(GYMCC) :], **variables)

    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["env_steps"] >= STEPS
    assert rows[-1]["env_steps"] > rows[0]["env_steps"] > 0
    assert all(row["failure_rate"] == 0 and row["illegal_rate"] == 0 for row in rows)
    assert rows[-1]["loss"] > 0
    assert rows[-1]["left_out"] == 1
    assert json.loads((run / "failures.json").read_text()) == {"spmi/3": "not compiled (status 1)"}

    facts = json.loads((run / "run.json").read_text())
    assert facts["problem"]["jit"].startswith("libclrjit.so ")
    assert facts["trained_on"]["dataset"] == "jitcse/superpmi"
    caches = {path.name.removeprefix(collection.name).split(".")[2] for path in collection.parent.glob("*.json")}
    assert caches == {"no_cse", "heuristic", "test_train"}

    policy = Policy.load(run)
    assert policy.card.versions == facts["problem"]
    env = make_env(
        "superpmi", core_root=variables["CORE_ROOT"], collection=str(collection), split="test", reward="log_speedup"
    )
    assert "spmi/3" not in env.problem.datasets["jitcse/superpmi"].instances
    decisions = rollout(policy, env, env.instances[0])
    assert 0 < len(decisions) <= 17
    assert not users_of(collection) - tree(os.getpid())


@pytest.fixture
def trainer(tmp_path: Path, runners: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A training by the command line whose superpmi hangs over a method by now; its collection."""
    variables = stub(tmp_path / "stub", "--fault", f"silent+{UNHARMED}")
    collection = Path(variables["DOTNET_MLJitCorpusFile"])
    command = train_command(tmp_path / "run", runners, minutes=30, iteration_steps=32)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **variables})
    try:
        assert soon(lambda: asked(collection) >= UNHARMED or process.poll() is not None)
        yield process, collection
    finally:
        process.kill()
        process.wait()
        for pid in users_of(collection):  # should the test fail
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("runners", [0, 1])
def test_kill_9_of_a_training_leaves_no_process(trainer: tuple[subprocess.Popen[bytes], Path], runners: int) -> None:
    process, collection = trainer
    family, stubs = tree(process.pid), users_of(collection)
    ray_runners = {pid for pid in family if command_line(pid).startswith("ray::EpisodeRunner")}
    assert len(ray_runners) == runners
    assert stubs <= family
    assert len(stubs & tree(*ray_runners)) >= 2 * runners, "launcher and superpmi of the runner"
    assert len(stubs - tree(*ray_runners)) >= 2, "and of the trainer"
    ours = {pid for pid in family if not command_line(pid).startswith(LINGERING)}

    process.kill()
    process.wait()
    assert soon(lambda: not any(map(command_line, ours | users_of(collection))))


def asked(collection: Path) -> int:
    """How many requests the stub has counted."""
    diary = collection.with_suffix(".diary")
    return len(diary.read_text().splitlines()) if diary.exists() else 0


def processes() -> Mapping[int, int]:
    """The parent of every process."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            facts = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        found[int(name)] = int(facts[1])
    return found


def tree(*roots: int) -> set[int]:
    """Processes and all that they started."""
    parents, found = processes(), set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def users_of(collection: Path) -> set[int]:
    """Launchers and stubs of superpmi that serve a collection."""
    return {pid for pid in processes() if str(collection) in command_line(pid)}


def command_line(pid: int) -> str:
    """Empty for one that has ended, zombie or not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
