"""Searching the sets of candidates for the cheapest, by measuring them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan

import numpy as np

from gymcc.envs.jitcse.analysis import Choice

Objective = Callable[[Choice], float]  # deterministic, lower is better

EXHAUSTIVE = 10  # candidates up to which all sets are tried
EVALUATIONS = 512  # beyond


@dataclass(frozen=True, slots=True)
class Found:
    """The best set that a search has seen. Of equally good ones the smallest, of those the first in order."""

    choice: Choice
    score: float
    proven: bool  # nothing is better
    evaluations: int


def greedy_by_gain(score: Objective, viable: Sequence[int]) -> Found:
    """Keep, as long as it gains, the candidate that gains most; the lowest number where several do."""
    meter = _Meter(score)
    choice: Choice = frozenset()
    while left := sorted(set(viable) - choice):
        best = min(left, key=lambda number: meter(choice | {number}))
        if meter(choice | {best}) >= meter(choice):
            break
        choice |= {best}
    return Found(choice, meter(choice), proven=False, evaluations=meter.evaluations)


def optimum(
    score: Objective,
    viable: Sequence[int],
    starts: Iterable[Choice] = (),
    budget: int = EVALUATIONS,
    seed: int = 0,
) -> Found:
    """The best set of candidates: proven if there are few, else the best that ``budget`` evaluations find.

    ``starts``, such as the stock heuristic's choice, are scored first, then none and all; the result is never worse
    than any of them. Climbing begins there and then from random sets. Raises ValueError for a start that is not viable
    and for a budget that is too small for the starts.
    """
    starts = _checked(viable, starts, budget)
    if len(viable) <= EXHAUSTIVE or 2 ** len(viable) <= budget:
        return exhaustive(score, viable)
    return hill_climb(score, viable, starts, budget, seed)


def exhaustive(score: Objective, viable: Sequence[int]) -> Found:
    """Try every set."""
    meter = _Meter(score)
    for choice in gray_code(viable):
        meter(choice)
    return meter.found(proven=True)


def gray_code(viable: Sequence[int]) -> Iterator[Choice]:
    """All sets, beginning with the empty one, each differing from the one before by one candidate."""
    choice: Choice = frozenset()
    yield choice
    for step in range(1, 2 ** len(viable)):
        flipped = (step & -step).bit_length() - 1  # the lowest bit that is set
        choice ^= {viable[flipped]}
        yield choice


def hill_climb(
    score: Objective, viable: Sequence[int], starts: Iterable[Choice] = (), budget: int = EVALUATIONS, seed: int = 0
) -> Found:
    """Improve sets one candidate at a time, the best of them also two at a time, and begin again from random sets."""
    begin = _checked(viable, starts, budget)
    meter, rng = _Meter(score, budget), np.random.default_rng(seed)
    ones = [frozenset({number}) for number in viable]
    twos = [frozenset(pair) for pair in combinations(viable, 2)]
    try:
        for choice in begin:
            meter(choice)
        for choice in begin:
            _climb(meter, choice, ones, rng)
        _climb(meter, meter.found(proven=False).choice, ones + twos, rng)
        while meter.evaluations < 2 ** len(viable):
            _climb(meter, frozenset(n for n in viable if rng.random() < 0.5), ones, rng)
    except _SpentError:
        return meter.found(proven=False)
    return meter.found(proven=True)


def _checked(viable: Sequence[int], starts: Iterable[Choice], budget: int) -> tuple[Choice, ...]:
    """Where climbing begins, without repetition."""
    begin = tuple(dict.fromkeys((*starts, frozenset[int](), frozenset(viable))))
    if beyond := frozenset[int]().union(*begin) - set(viable):
        raise ValueError(f"a search starts from viable candidates ({list(viable)}), got {sorted(beyond)}")
    if budget < len(begin):
        raise ValueError(
            f"a search from {len(begin)} sets needs at least as many evaluations, got a budget of {budget}"
        )
    return begin


def _climb(meter: _Meter, choice: Choice, flips: Sequence[Choice], rng: np.random.Generator) -> None:
    """Flip candidates, in random order, as long as a flip gains."""
    gained = True
    while gained:
        gained = False
        for index in rng.permutation(len(flips)):
            if meter(choice ^ flips[index]) < meter(choice):
                choice ^= flips[index]
                gained = True


class _SpentError(Exception):
    """The budget allows no further evaluation."""


class _Meter:
    """Scores sets, each once, and counts."""

    def __init__(self, score: Objective, budget: int | None = None) -> None:
        self._score = score
        self._budget = budget
        self._scores: dict[Choice, float] = {}

    @property
    def evaluations(self) -> int:
        return len(self._scores)

    def __call__(self, choice: Choice) -> float:
        if choice not in self._scores:
            if self.evaluations == self._budget:
                raise _SpentError
            self._scores[choice] = self._checked(choice)
        return self._scores[choice]

    def _checked(self, choice: Choice) -> float:
        value = self._score(choice)
        if isnan(value):
            raise ValueError(f"the score of {sorted(choice)} is not a number")
        return value

    def found(self, proven: bool) -> Found:
        """The best so far."""
        best = min(self._scores, key=lambda choice: (self._scores[choice], len(choice), sorted(choice)))
        return Found(best, self._scores[best], proven, self.evaluations)
