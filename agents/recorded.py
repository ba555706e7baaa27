"""Decisions whose outcome is not known yet: taken while a compiler runs, worth something once its program was measured.

>>> decided = decide(policy, env, instance, epsilon=0.1)           # an episode whose rewards are 0
>>> Recorded(decided, version=3, name="queue.ml").write(folder)     # by the compiler
>>> for path, recorded in records(folder): ...                     # by whoever has run the program
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from gymcc.agents.policy import Policy
from gymcc.agents.rllib.trajectory import Trajectory
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode

UNNUMBERED = -1  # version of a policy without one, and of random decisions
SUFFIX = ".episode.npz"
COLUMNS = ("observations", "masks", "actions", "explored")


def decide(
    policy: Policy, env: CompilerEnv[Any], instance: str, epsilon: float = 0.0, random: Random | None = None
) -> Trajectory:
    """The policy's decisions on an instance, a share ``epsilon`` of them at random; no cost is computed.

    ``env`` is left as it is; rewards are 0. Raises :class:`~gymcc.agents.policy.PolicyError` if the policy is not for
    ``env``, and ValueError for an ``epsilon`` beyond 0 to 1.
    """
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon {epsilon}: allowed: 0 to 1")
    policy.check(env)
    random = random or Random()
    problem, observe = env.problem, env.observations[policy.card.observation]
    episode = Episode(instance, problem.initial(instance), env.max_steps)
    observations, masks = [observe(episode).ravel()], [problem.legal(episode.state)]
    explored = []
    while episode.steps_left > 0 and not problem.is_terminal(episode.state):
        best = action = policy.act(observations[-1], masks[-1])
        if random.random() < epsilon:
            action = random.choice(np.flatnonzero(masks[-1]).tolist())
        episode = episode.moved(action, problem.apply(episode.state, action))
        observations.append(observe(episode).ravel())
        masks.append(problem.legal(episode.state))
        explored.append(action != best)
    return Trajectory(
        np.stack(observations).astype(np.float32),
        np.stack(masks).astype(np.int8),
        np.array(episode.actions, np.int64),
        np.zeros(len(explored), np.float32),
        np.array(explored, np.bool_),
        instance=instance,
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """One file's decisions, in a file of numpy's own format with an array for each column."""

    episode: Trajectory
    version: int  # of the policy that decided
    name: str  # of what was compiled; another record of that name takes this one's place

    def write(self, folder: Path) -> Path:
        """In one step, so that nobody reads half of it."""
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:12]
        path = folder / f"{Path(self.name).stem}-{digest}{SUFFIX}"
        columns = {name: getattr(self.episode, name) for name in COLUMNS}
        handle, half = tempfile.mkstemp(dir=folder, suffix=".half")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, version=np.int64(self.version), name=np.array(self.name), **columns)
            os.replace(half, path)
        except BaseException:
            Path(half).unlink(missing_ok=True)
            raise
        return path

    @classmethod
    def read(cls, path: Path) -> Recorded:
        """Inverse of :meth:`write`; raises ValueError naming the file."""
        try:
            with np.load(path, allow_pickle=False) as body:
                observations, masks, actions, explored = (body[name] for name in COLUMNS)
                version, name = int(body["version"]), str(body["name"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no recorded episode: {error}") from error
        steps = len(actions)
        if not steps or not len(explored) == steps == len(observations) - 1 == len(masks) - 1:
            raise ValueError(f"{path} is no recorded episode: its columns do not belong together")
        return cls(Trajectory(observations, masks, actions, np.zeros(steps, np.float32), explored), version, name)

    def worth(self, reward: float) -> Trajectory:
        """The episode with the outcome of the whole program as its only reward, at the end."""
        rewards = np.zeros(len(self.episode.actions), np.float32)
        rewards[-1] = reward
        return self.episode._replace(rewards=rewards)


def records(folder: Path) -> Iterator[tuple[Path, Recorded]]:
    """What a folder holds, by path; raises ValueError for a broken one."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield path, Recorded.read(path)
