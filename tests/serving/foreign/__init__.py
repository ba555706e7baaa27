"""Building and running the clients in other languages."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import gymcc.agents.serving
from gymcc.agents.policy import Policy

CLIENTS = Path(gymcc.agents.serving.__file__).parent / "clients"
HERE = Path(__file__).parent
PATIENT = 120  # seconds


def build(*command: str | Path) -> None:
    """Run a compiler, which must not even warn."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENT)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def run(*command: str | Path, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an otherwise empty environment."""
    return subprocess.run(
        list(map(str, command)), input=stdin, capture_output=True, text=True, timeout=PATIENT, env=environ
    )


def state(policy: Policy, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An observation (D,) and a mask (A,) with a legal action."""
    rng = np.random.default_rng(seed)
    mask = rng.random(len(policy.card.actions)) < 0.6
    mask[rng.integers(len(mask))] = True
    return rng.random(policy.card.observation_size, np.float32), mask


def typed(observation: np.ndarray, mask: np.ndarray) -> str:
    """The input of the example programs."""
    numbers = [len(observation), *(f"{x:.9g}" for x in observation), len(mask), *mask.astype(int)]
    return "\n".join(map(str, numbers)) + "\n"


def check_decision(done: subprocess.CompletedProcess[str], policy: Policy, seed: int) -> None:
    """What an example program wrote must be what the policy decides here."""
    assert (done.returncode, done.stderr) == (0, "")
    action, *scores = map(float, done.stdout.split())
    observation, mask = state(policy, seed)
    np.testing.assert_allclose(scores, policy.scores(observation[None], mask[None])[0], rtol=1e-5, atol=1e-5)
    assert action == policy.act(observation, mask)
    assert mask[int(action)]


DECISION = [b"AI.TENSORSET", b"AI.TENSORSET", b"AI.MODELEXECUTE", b"AI.TENSORGET"]  # the commands of one


def scored(request: list[bytes]) -> bytes:
    """What a server answers to the commands of a decision between two actions."""
    head = b"*6\r\n+dtype\r\n+FLOAT\r\n+shape\r\n*2\r\n:1\r\n:2\r\n+blob\r\n$8\r\n"
    scores = head + np.float32([1, 2]).tobytes() + b"\r\n"
    return scores if request[0] == b"AI.TENSORGET" else b"+OK\r\n"


def until(ready: Callable[[], bool]) -> None:
    """Wait for what other threads do; fails after a while."""
    end = time.monotonic() + PATIENT
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.01)
