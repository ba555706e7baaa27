"""Law 12: seeds decide everything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.trajectory import elsewhere, trajectory

HASH_SEEDS = (1, 2)
SEEDS = 16  # tried until two of them draw different instances


def seeds_decide(subject: Subject) -> None:
    """One seed gives one trajectory, again here and in processes with other hash seeds; other seeds give others."""
    here = trajectory(subject.env_id, subject.options, seed=0)
    _compare(here, trajectory(subject.env_id, subject.options, seed=0), "made again")
    with ThreadPoolExecutor() as threads:
        others = threads.map(lambda hash_seed: elsewhere(subject.env_id, subject.options, 0, hash_seed), HASH_SEEDS)
        for hash_seed, other in zip(HASH_SEEDS, others, strict=True):
            _compare(here, other, f"under PYTHONHASHSEED={hash_seed}")
    env = subject.bare()
    drawn = {env.reset(seed=seed)[1]["instance"] for seed in range(SEEDS)}
    if len(env.instances) > 1 and len(drawn) == 1:
        raise Broken(f"{SEEDS} seeds all draw instance {drawn.pop()}")


def _compare(here: list[str], other: list[str], how: str) -> None:
    for number, (one, again) in enumerate(zip(here, other, strict=False)):
        if one != again:
            raise Broken(f"the trajectory of a seed differs {how} at line {number}", f"{one!r} and {again!r}")
    if len(here) != len(other):
        raise Broken(f"the trajectory of a seed has another length {how}: {len(here)} and {len(other)}")
