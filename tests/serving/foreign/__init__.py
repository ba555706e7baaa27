"""Building and running the clients in other languages."""

from __future__ import annotations

import subprocess
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
