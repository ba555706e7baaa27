"""Baselines: policies that choose which candidates of a method to keep.

``stock`` is RyuJIT's own heuristic, ``linear`` the learned one that it ships beside it; ``none``, ``all_viable`` and
``random_subset`` look at nothing; ``greedy_by_gain`` and ``optimum`` measure. Features are in ``features`` and
``linear``.
"""

from gymcc.envs.jitcse.policies.linear import linear, linear_order, linear_sample, mlcse_features
from gymcc.envs.jitcse.policies.machine import ARM64, MACHINES, X64, X64_WINDOWS, Machine
from gymcc.envs.jitcse.policies.optimum import Found, exhaustive, greedy_by_gain, hill_climb, optimum
from gymcc.envs.jitcse.policies.pressure import Pressure, pressure
from gymcc.envs.jitcse.policies.stock import Verdict, explain, stock, stock_order
from gymcc.envs.jitcse.policies.subsets import all_viable, none, random_subset, viable

__all__ = [
    "ARM64",
    "MACHINES",
    "X64",
    "X64_WINDOWS",
    "Found",
    "Machine",
    "Pressure",
    "Verdict",
    "all_viable",
    "exhaustive",
    "explain",
    "greedy_by_gain",
    "hill_climb",
    "linear",
    "linear_order",
    "linear_sample",
    "mlcse_features",
    "none",
    "optimum",
    "pressure",
    "random_subset",
    "stock",
    "stock_order",
    "viable",
]
