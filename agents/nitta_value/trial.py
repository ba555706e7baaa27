"""A guide against NITTA's stateOfTheArt on one program, with as many nodes as that evaluates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

from gymcc.agents.nitta_value.guide import Guide
from gymcc.agents.nitta_value.search import guided
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.methods import Limit, synthesise
from gymcc.envs.nitta.tree import Node, open_tree

FAILURE_RATIO = 10.0  # of a search that finds nothing where stateOfTheArt finds something, in the score


@dataclass(frozen=True, slots=True)
class Trial:
    """Durations in ticks, None without a schedule; ``sid`` and ``curve`` are the guided search's."""

    program: str
    evaluations: int  # that stateOfTheArt took: the guided search's limit
    sota: int | None
    guided: int | None
    used: int  # evaluations of the guided search until its best schedule
    sid: str

    @property
    def ratio(self) -> float | None:
        """Guided to stateOfTheArt's duration, at least 1 tick each; None unless both have a schedule."""
        if self.sota is None or self.guided is None:
            return None
        return max(1, self.guided) / max(1, self.sota)

    def reference(self) -> dict[str, Any]:
        """What :func:`compared` needs not find out again."""
        return {"evaluations": self.evaluations, "sota": self.sota}

    def row(self) -> dict[str, Any]:
        """For a table."""
        return {
            "program": self.program,
            "evaluations": self.evaluations,
            "stateOfTheArt": self.sota,
            "guided": self.guided,
            "ratio": self.ratio,
            "guided_evaluations": self.used,
            "sid": self.sid,
        }


def compared(program: str, guide: Guide, reference: dict[str, Any] | None = None, root: Node | None = None) -> Trial:
    """Run both on a program, by its instance id or ``root``; ``reference`` of an earlier trial saves one of them."""
    root = root or open_tree(Library().program(program))
    if reference is None:
        found = synthesise(root, "stateOfTheArt")
        duration = found.node.duration if found.complete else None
        reference = {"evaluations": found.evaluations, "sota": duration}
    explorer, _ = guided(root, guide, Limit(reference["evaluations"]))
    best = explorer.best
    used = explorer.curve[-1][0] if explorer.curve else explorer.evaluations
    return Trial(
        program,
        reference["evaluations"],
        reference["sota"],
        best.duration if best else None,
        used,
        best.sid if best else "",
    )


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """How the two compare over programs.

    ``ratio``: geometric mean over programs that both solve. ``score``: mean of log ratios over those that either
    solves, where a failure counts as ``FAILURE_RATIO`` times the other's duration; less is better.
    """
    ratios = [trial.ratio for trial in trials if trial.ratio is not None]
    logs = [log(ratio) for ratio in ratios]
    lost = sum(trial.guided is None and trial.sota is not None for trial in trials)
    won = sum(trial.guided is not None and trial.sota is None for trial in trials)
    counted = max(1, len(logs) + lost + won)
    return {
        "programs": len(trials),
        "sota_solves": sum(trial.sota is not None for trial in trials),
        "guided_solves": sum(trial.guided is not None for trial in trials),
        "ratio": exp(sum(logs) / len(logs)) if logs else None,
        "shorter": sum(ratio < 1 for ratio in ratios),
        "longer": sum(ratio > 1 for ratio in ratios),
        "score": (sum(logs) + (lost - won) * log(FAILURE_RATIO)) / counted,
    }
