"""Policies that look at nothing but which candidates are viable."""

from __future__ import annotations

import numpy as np

from gymcc.envs.jitcse.analysis import Analysis, Choice


def viable(analysis: Analysis) -> tuple[int, ...]:
    """The candidates that may be chosen, by number."""
    return tuple(number for number, candidate in enumerate(analysis.candidates) if candidate.viable)


def none(analysis: Analysis) -> Choice:
    """Keep nothing."""
    return frozenset()


def all_viable(analysis: Analysis) -> Choice:
    """Keep whatever may be kept."""
    return frozenset(viable(analysis))


def random_subset(analysis: Analysis, rng: np.random.Generator) -> Choice:
    """A random number of random candidates, as ``JitRandomCSE`` draws them.

    Of a random order of all candidates the first K are taken, K uniform from 1 to their number; those not viable drop
    out.
    """
    candidates = analysis.candidates
    if not candidates:
        return frozenset()
    taken = rng.permutation(len(candidates))[: rng.integers(1, len(candidates) + 1)]
    return frozenset(int(number) for number in taken if candidates[number].viable)
