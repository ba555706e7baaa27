"""The best tree by the fitted unknowns, and what its decisions were made between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.ocaml_rewards.samples import Samples
from gymcc.benchmarks.ocaml_rewards.settings import LASSO
from gymcc.benchmarks.ocaml_runs.space import ROOT, Tree
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.ir import Path

KNOWN = 1e-8  # a lasso's value is known beyond this
MARGIN = 5e-4  # a ridge's values differ beyond this: the original's default of its seven


@dataclass(frozen=True, slots=True)
class Decoded:
    """The tree of the greatest benefit; for each node, inlining with all that follows, and leaving the call.

    -inf is what was never compiled.
    """

    tree: Tree
    benefit: float
    values: Mapping[Path, tuple[float, float]]


def decode(samples: Samples, unknowns: NDArray[np.float64], gamma: float) -> Decoded:
    """By dynamic programming from the leaves: inlining is worth w_inl + γ Σ over children of the better of their two.

    Of equal ones the call is taken.
    """
    inline, call = _observed(samples, unknowns)
    long_term = inline.copy()
    index = {path: number for number, path in enumerate(samples.nodes)}
    for number in range(len(samples.nodes) - 1, 0, -1):  # children before parents
        parent = index[samples.nodes[number][:-1]]
        long_term[parent] += gamma * max(long_term[number], call[number])
    tree: set[Path] = set()
    for number, path in enumerate(samples.nodes[1:], 1):
        if (len(path) == 1 or path[:-1] in tree) and long_term[number] > call[number]:
            tree.add(path)
    values = {path: (float(long_term[n]), float(call[n])) for n, path in enumerate(samples.nodes) if path != ROOT}
    return Decoded(frozenset(tree), float(long_term[0]), values)


def _observed(samples: Samples, unknowns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inline, call = np.split(np.asarray(unknowns, np.float64), 2)
    seen = samples.inlined.any(axis=0), samples.called.any(axis=0)
    return np.where(seen[0], inline, -inf), np.where(seen[1], call, -inf)


def label(long_term: float, call: float, method: str, margin: float = MARGIN) -> Action | None:
    """The class of a decision: inline, never, or leave it to the compiler; None where only one side was compiled.

    The lasso does not know values about 0; the ridge none that are less than ``margin`` apart.
    """
    if -inf in (long_term, call):
        return None
    known = max(abs(long_term), abs(call)) > KNOWN if method == LASSO else abs(long_term - call) >= margin
    if not known:
        return Action.DEFAULT
    return Action.INLINE if long_term > call else Action.NEVER
