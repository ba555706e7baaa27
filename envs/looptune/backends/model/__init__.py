"""Deterministic analytic cost of a loop nest: no compiler, no timing, the same number on every machine.

Time is that of a nominal core (:mod:`.machine`) running the code the native back end would generate: the core's own
cycles (:mod:`.compute`) plus the part of the cache misses' cycles (:mod:`.memory`) that computation cannot hide.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.looptune.backends.model.compute import ComputeCost
from gymcc.envs.looptune.backends.model.machine import CORE, OVERLAP
from gymcc.envs.looptune.backends.model.memory import memory_cycles
from gymcc.envs.looptune.backends.walk import AVX512, Target, walk
from gymcc.envs.looptune.state import Contraction, Nest

__all__ = ["Prediction", "bound", "peak_gflops", "predict"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted time of one run of a nest, caches warm, and its parts."""

    seconds: float
    compute_cycles: float  # all loads hitting L1
    memory_cycles: float  # bringing in what misses, if nothing were hidden


def predict(nest: Nest, target: Target = AVX512) -> Prediction:
    """Time of ``nest`` compiled for ``target`` on the nominal machine; the same value for equal arguments, always."""
    cost = ComputeCost(nest.contraction, target)
    walk(nest, target, cost)
    assert cost.core_tile is not None  # every walk ends in a tile
    memory = memory_cycles(nest.contraction, target, cost.spine, cost.core_tile)
    cycles = max(cost.cycles, memory) + OVERLAP * min(cost.cycles, memory)
    seconds = cycles / (CORE.clock_ghz * 1e9)
    return Prediction(seconds, cost.cycles, memory)


def peak_gflops(target: Target = AVX512) -> float:
    """Peak of the nominal machine in 10^9 operations per second: every lane of every FMA unit, every cycle."""
    return CORE.clock_ghz * CORE.fmas * target.lanes * 2


def bound(contraction: Contraction, target: Target = AVX512) -> float:
    """Seconds that no nest over ``contraction`` can be predicted to beat."""
    return contraction.flops / (CORE.fmas * target.lanes * 2) / (CORE.clock_ghz * 1e9)
