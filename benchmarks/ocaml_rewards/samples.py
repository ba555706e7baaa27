"""The trees of one program that were compiled, and the design matrix that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.ocaml_runs.space import ROOT, split
from gymcc.envs.ocaml.ir import Path


@dataclass(frozen=True, slots=True)
class Samples:
    """Different trees, in the order in which they were first compiled, over the union of their nodes.

    ``inlined`` and ``called`` say what each node is in each tree, ``(trees, nodes)``; in neither where it is not there.
    """

    program: str
    nodes: tuple[Path, ...]  # the root first, parents before children
    inlined: NDArray[np.bool_]
    called: NDArray[np.bool_]
    times: NDArray[np.float64]  # what each tree costs, in shares of the default
    initial: float  # the geometric mean of what the searches began with

    def design(self, gamma: float) -> NDArray[np.float64]:
        """``(trees, 2 * nodes)``: γ ** depth under what each node is in each tree, first inlined, then called."""
        weights = gamma ** np.array([len(path) for path in self.nodes], np.float64)
        return np.hstack([self.inlined * weights, self.called * weights])


def samples_of(program: str, rows: Sequence[Mapping[str, Any]]) -> Samples:
    """From rows of runs; times of equal trees are averaged. Raises ValueError where nothing was compiled."""
    times: dict[tuple[frozenset[Path], frozenset[Path]], list[float]] = {}
    initial = []
    for row in rows:
        if row["objective"] is None:
            continue
        inlined, calls = split(row["decisions"])
        times.setdefault((frozenset(inlined), frozenset(calls)), []).append(row["objective"])
        if row["step"] == 0:
            initial.append(log(row["objective"]))
    if not initial:
        raise ValueError(f"{program}: the runs hold no tree that was compiled")
    nodes = sorted({path for tree in times for part in tree for path in part}, key=lambda path: (len(path), path))
    return Samples(
        program,
        (ROOT, *nodes),
        _members([{ROOT, *inlined} for inlined, _ in times], (ROOT, *nodes)),
        _members([calls for _, calls in times], (ROOT, *nodes)),
        np.array([np.mean(found) for found in times.values()]),
        exp(sum(initial) / len(initial)),
    )


def _members(trees: Sequence[set[Path] | frozenset[Path]], nodes: Sequence[Path]) -> NDArray[np.bool_]:
    index = {path: number for number, path in enumerate(nodes)}
    found = np.zeros((len(trees), len(nodes)), np.bool_)
    for number, tree in enumerate(trees):
        found[number, [index[path] for path in tree]] = True
    return found
