"""Runs of search over trees of inlining decisions: the data that rewards of single decisions are drawn from.

As in "Inlining ML with ML" (Quah, 2018), simulated annealing and random walks go from tree to tree by small moves, and
every tree that was compiled is a row: program, tree, cost, size. A tree is kept as the set of its inlined paths
(:mod:`space`); :func:`moves.mutate` is the move, :mod:`chains` the search, :mod:`measuring` what a worker does, and
:func:`collecting.collect` drives many chains at once and can be killed and called again.
"""

from __future__ import annotations

from gymcc.benchmarks.ocaml_runs.chains import METHODS, Plan
from gymcc.benchmarks.ocaml_runs.collecting import collect, read_plan, read_rows
from gymcc.benchmarks.ocaml_runs.measuring import Opened, Spec, Worker
from gymcc.benchmarks.ocaml_runs.moves import mutate
from gymcc.benchmarks.ocaml_runs.space import ROOT, Space, Tree

__all__ = [
    "METHODS",
    "ROOT",
    "Opened",
    "Plan",
    "Space",
    "Spec",
    "Tree",
    "Worker",
    "collect",
    "mutate",
    "read_plan",
    "read_rows",
]
