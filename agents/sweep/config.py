"""A sweep as data: an experiment, what is set in all of its runs, and the ranges that the rest is drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from gymcc.agents.config import Count, Experiment, Section, Share, load, read_yaml, validated
from gymcc.agents.overrides import replaced

KINDS = ("choice", "uniform", "log_uniform", "integer")
Pair = tuple[float, float]


class Range(Section):
    """What one key is drawn from: exactly one of the four."""

    choice: Annotated[tuple[Any, ...], Field(min_length=1)] | None = None
    uniform: Pair | None = None
    log_uniform: Pair | None = None  # uniform in the logarithm; both ends above 0
    integer: tuple[int, int] | None = None  # both ends included

    @model_validator(mode="after")
    def _one(self) -> Range:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(KINDS)}")
        if given[0] != "choice":
            low, high = getattr(self, given[0])
            if not low < high or (given[0] == "log_uniform" and low <= 0):
                raise ValueError(f"{given[0]}: {[low, high]} is no range; allowed: low < high, above 0 if logarithmic")
        return self

    @property
    def kind(self) -> str:
        """Which of the four."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def ends(self) -> tuple[Any, ...]:
        """Values that the range may take: the choices, or both ends."""
        values: tuple[Any, ...] = getattr(self, self.kind)
        return values


class Halving(Section):
    """When poor trainings end (ASHA, Li et al. 2020): after ``first`` of the budget all but one in ``factor`` go."""

    first: Annotated[Share, Field(gt=0)] = 0.1
    factor: Annotated[int, Field(ge=2)] = 3


class Sweep(Section):
    """``base``: the experiment, a file beside this one. Keys of ``set`` and ``ranges`` are those of ``--set``."""

    base: str
    set: dict[str, Any] = {}
    ranges: Annotated[dict[str, Range], Field(min_length=1)]
    halving: Halving = Halving()
    samples: Count = 8
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0  # of what is drawn; the runs' own seed is the experiment's


def load_sweep(path: Path) -> tuple[Sweep, Experiment]:
    """Read a sweep and the experiment it is of; raises ConfigError, also for ranges that no run could use."""
    sweep = validated(Sweep, read_yaml(path, Sweep), str(path))
    experiment = replaced(load(path.parent / sweep.base), sweep.set, f"{path}: set")
    for key, span in sweep.ranges.items():
        for value in span.ends():
            replaced(experiment, {key: value}, f"{path}: ranges")
    return sweep, experiment
