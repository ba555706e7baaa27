"""One search: from tree to tree, by what the candidates of each step cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log
from random import Random
from typing import Any

from gymcc.benchmarks.ocaml_runs.measuring import Outcome, Task
from gymcc.benchmarks.ocaml_runs.space import Tree, split
from gymcc.envs.core.choices import choose

METHODS = {"annealing": (300, 3), "walk": (200, 1)}  # the original's steps, and candidates of each
HOT, COLD = 0.04, 0.001  # temperatures of the first and last step, in shares of the initial cost


@dataclass(frozen=True, slots=True)
class Plan:
    """How programs are searched: by ``chains`` independent searches each, of so many steps and candidates a step.

    Of the candidates of a step the cheapest is proposed; a walk has one and always goes there. ``start``: from what the
    compiler inlines unasked ("stock") or from nothing ("none"). 0 steps or candidates: the method's own.
    """

    method: str = "annealing"
    steps: int = 0
    candidates: int = 0
    chains: int = 3
    seed: int = 0
    start: str = "stock"

    def __post_init__(self) -> None:
        steps, candidates = choose(METHODS, self.method, "method")
        choose(dict.fromkeys(("stock", "none")), self.start, "start")
        object.__setattr__(self, "steps", self.steps or steps)
        object.__setattr__(self, "candidates", self.candidates or candidates)
        for name in ("steps", "candidates", "chains"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.method == "walk" and self.candidates != 1:
            raise ValueError(f"a walk goes to its only candidate; candidates must be 1, got {self.candidates}")


def temperature(step: int, steps: int) -> float:
    """From 0.04 down to 0.001 in equal ratios."""
    return HOT * exp(-log(HOT / COLD) * step / steps)


@dataclass(slots=True)
class Chain:
    """A search under way: ``step`` steps are done (0: the initial tree has been measured, -1: not even that)."""

    plan: Plan
    program: str
    number: int
    start: Tree
    step: int = -1
    tree: Tree = frozenset()
    energy: float = 1.0
    initial: float = 1.0

    @property
    def done(self) -> bool:
        """Whether all steps have been taken."""
        return self.step >= self.plan.steps

    def tasks(self) -> list[Task]:
        """What the next step wants measured; the seeds depend on the step alone, so that chains can be resumed."""
        if self.step < 0:
            return [Task(self.program, self.start)]
        named = f"{self.plan.seed} {self.program} {self.number} {self.step + 1}"
        return [Task(self.program, self.tree, f"{named} {each}") for each in range(self.plan.candidates)]

    def advance(self, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
        """Take the step; its rows. Raises ValueError where the initial tree cannot be measured."""
        self.step += 1
        if self.step == 0 and outcomes[0].objective is None:
            raise ValueError(f"{self.program}: the initial tree cannot be measured: {outcomes[0].error}")
        cheapest = min(range(len(outcomes)), key=lambda each: _price(outcomes[each]))
        taken = self._taken(_price(outcomes[cheapest]))
        rows = [self._row(number, each, taken and number == cheapest) for number, each in enumerate(outcomes)]
        if taken:
            self._move(outcomes[cheapest].tree, _price(outcomes[cheapest]))
        return rows

    def replay(self, rows: Sequence[dict[str, Any]]) -> None:
        """Take a step that was taken before, from its rows."""
        self.step += 1
        for row in rows:
            if row["accepted"]:
                self._move(frozenset(split(row["decisions"])[0]), row["objective"])

    def _move(self, tree: Tree, objective: float) -> None:
        if self.step == 0:
            self.initial = objective
        self.tree, self.energy = tree, objective / self.initial

    def _taken(self, objective: float) -> bool:
        """Metropolis' rule; a walk goes anywhere that was measured."""
        if not isfinite(objective):
            return False
        worse = objective / self.initial - self.energy
        if self.step == 0 or self.plan.method == "walk" or worse <= 0:
            return True
        random = Random(f"{self.plan.seed} {self.program} {self.number} {self.step} accept")
        return random.random() < exp(-worse / temperature(self.step, self.plan.steps))

    def _row(self, candidate: int, outcome: Outcome, accepted: bool) -> dict[str, Any]:
        return {
            "program": self.program,
            "chain": self.number,
            "step": self.step,
            "candidate": candidate,
            "decisions": outcome.nested,
            "cost": outcome.cost,
            "size": outcome.size,
            "objective": outcome.objective,
            "accepted": accepted,
            "error": outcome.error,
        }


def _price(outcome: Outcome) -> float:
    return float("inf") if outcome.objective is None else outcome.objective
