"""The linear policy inside the JIT: drawing decisions with their likelihoods, and a step along the gradient.

After ``CSE_HeuristicRL`` of optcse.cpp (Softmax and UpdateParameters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gymcc.envs.jitcse.analysis import Analysis
from gymcc.envs.jitcse.policies.linear import STOP, Array, mlcse_features, softmax
from gymcc.envs.jitcse.policies.marks import Marks

WEIGHTS = 25


@dataclass(frozen=True, slots=True)
class Draw:
    """What was decided, and how likely each decision was."""

    order: tuple[int, ...]
    likelihoods: tuple[float, ...]
    base: tuple[tuple[int, float], ...]  # before the first decision: option (-1: stop) and likelihood


@dataclass(frozen=True, slots=True)
class Options:
    """What can be decided at one moment."""

    numbers: list[int]  # candidates; -1 is to stop
    features: Array  # (options, 25)
    likelihoods: Array


def weights_of(given: Sequence[float]) -> Array:
    """25 weights, missing ones 0."""
    return np.asarray([*given, *[0.0] * WEIGHTS][:WEIGHTS], np.float64)


def draw(analysis: Analysis, weights: Array, rng: np.random.Generator) -> Draw:
    """Decide by chance until that is to stop."""
    order: list[int] = []
    likelihoods: list[float] = []
    base: tuple[tuple[int, float], ...] = ()
    while True:
        options = _options(analysis, order, weights)
        base = base or tuple(zip(options.numbers, map(float, options.likelihoods), strict=True))
        at = int(rng.choice(len(options.numbers), p=options.likelihoods))
        likelihoods.append(float(options.likelihoods[at]))
        if options.numbers[at] == STOP:
            return Draw(tuple(order), tuple(likelihoods), base)
        order.append(options.numbers[at])


def learn(
    analysis: Analysis, weights: Array, sequence: Sequence[int], rewards: Sequence[float], alpha: float
) -> tuple[tuple[int, ...], Array]:
    """Replay ``sequence`` (-1: stop) and move the weights by ``alpha`` x reward x gradient of the log-likelihood.

    Returns what was performed, and the weights.
    """
    order: list[int] = []
    step = np.zeros(WEIGHTS)
    for number, reward in zip(sequence, [*rewards, *[0.0] * len(sequence)], strict=False):
        options = _options(analysis, order, weights)
        if number not in options.numbers:
            continue
        chosen = options.features[options.numbers.index(number)]
        step += alpha * reward * (chosen - options.likelihoods @ options.features)
        if number == STOP:
            break
        order.append(number)
    return tuple(order), weights + step


def _options(analysis: Analysis, order: Sequence[int], weights: Array) -> Options:
    marks = Marks(analysis, order)
    numbers = [STOP, *(number for number in range(len(analysis.candidates)) if marks.viable(number))]
    features = mlcse_features(analysis, frozenset(order))[numbers]
    return Options(numbers, features, softmax(features @ weights))
