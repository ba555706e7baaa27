"""What the trainings of a sweep came to, read from their run folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.agents.rllib.folder import RunFolder
from gymcc.agents.sweep.config import Sweep

BEST = "best"  # in the sweep's folder: the winner's run folder


@dataclass(frozen=True, slots=True)
class Sample:
    """One training: what was drawn for it, and how good it became."""

    run: Path
    values: dict[str, Any]  # by key, as drawn
    speedup: float  # of the best policy, on the validation instances
    env_steps: int
    seconds: float
    ended_early: bool
    curve: list[tuple[int, float]]  # environment steps, speed-up on validation


def samples(folder: Path, sweep: Sweep) -> list[Sample]:
    """The trainings that were validated at least once, best first."""
    found = [_sample(run, sweep) for run in sorted((folder / "runs").glob("*")) if (run / "config.yaml").is_file()]
    return sorted((each for each in found if each.curve), key=lambda each: -each.speedup)


def _sample(run: Path, sweep: Sweep) -> Sample:
    folder = RunFolder(run)
    rows = list(folder.rows())
    curve = [(row["env_steps"], row["validation_speedup"]) for row in rows if "validation_speedup" in row]
    experiment = folder.experiment()
    body = experiment.model_dump(mode="json")
    steps, seconds = (rows[-1]["env_steps"], rows[-1]["seconds"]) if rows else (0, 0.0)
    best = max((speedup for _, speedup in curve), default=0.0)
    early = experiment.budget.share(steps, seconds) < 1
    return Sample(run, {key: _at(body, key) for key in sweep.ranges}, best, steps, seconds, early, curve)


def _at(body: dict[str, Any], key: str) -> Any:
    for part in key.split("."):
        body = body[part]
    return body
