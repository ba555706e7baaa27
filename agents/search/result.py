"""What a search found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best state found, as the decisions that lead to it, and how it was found. Costs are in the problem's unit."""

    method: str
    instance: str
    seed: int
    actions: tuple[int, ...]  # from the start state to the best one
    best_cost: float  # where the actions lead
    baseline_cost: float  # of the start state
    evaluations: int  # distinct costs computed, the start state's not counted
    seconds: float  # wall time
    curve: tuple[tuple[int, float, float], ...]  # best so far: (evaluations, seconds, cost), start state first
    proven: bool  # every state within the step limit was seen, so nothing is cheaper
    failures: int = 0  # evaluations that gave no cost, as the back end failed
    failure: str = ""  # what the first of them said

    @property
    def speedup(self) -> float:
        """How many times cheaper than the start state."""
        return self.baseline_cost / self.best_cost
