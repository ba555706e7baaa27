"""A seeded trajectory as a list of hashes, made here or in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from gymcc.envs.testing.episodes import reset, step
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject, bare
from gymcc.envs.testing.values import digest

EPISODES = 3
DEADLINE = 300  # seconds for another process


def trajectory(env_id: str, options: Mapping[str, Any], seed: int) -> list[str]:
    """One line per reset and step of some seeded episodes: instance, actions so far, and a hash of all that was seen.

    Named observations count too where costs are deterministic, since they may show them.
    """
    env = Subject(env_id, options, (), 0).make()
    inner, random = bare(env), np.random.default_rng(seed)
    lines: list[str] = []
    for episode in range(EPISODES):
        outcome = reset(env, seed=seed if episode == 0 else None)
        actions: list[int] = []
        while True:
            named = {name: inner.observe(name) for name in inner.observations} if inner.problem.deterministic else {}
            lines.append(f"{inner.episode.instance} {actions} {digest((outcome.facts, named))}")
            if outcome.ended:
                break
            actions.append(int(random.integers(2 * inner.problem.n_actions)))
            outcome = step(env, actions[-1])
    return lines


def elsewhere(env_id: str, options: Mapping[str, Any], seed: int, hash_seed: int) -> list[str]:
    """:func:`trajectory` in a new process with its own PYTHONHASHSEED; raises :class:`Broken` if that fails."""
    code = "from gymcc.envs.testing.trajectory import main; main()"
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path}
    asked = json.dumps({"env_id": env_id, "options": dict(options), "seed": seed})
    done = subprocess.run(
        [sys.executable, "-c", code], input=asked, env=environment, capture_output=True, text=True, timeout=DEADLINE
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Broken(f"cannot be run in a new process (is the id registered there? 'module:id' names a module): {last}")
    lines: list[str] = json.loads(done.stdout.splitlines()[-1])
    return lines


def main() -> None:
    """Read what to run as JSON from standard input, print the lines as JSON."""
    import gymcc  # noqa: F401  # registers its ids

    print(json.dumps(trajectory(**json.loads(sys.stdin.read()))))
