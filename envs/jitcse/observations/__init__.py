"""The named observations of JIT CSE."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.core.observation import Observation
from gymcc.envs.jitcse.compilers import LocalCompiler
from gymcc.envs.jitcse.observations.candidates import Candidates
from gymcc.envs.jitcse.observations.original import Jitml, Mlcse
from gymcc.envs.jitcse.problem import JitCse


def observations(problem: JitCse) -> Mapping[str, Observation]:
    """All of them; ``mlcse`` only where the front end is ours, since SuperPMI does not report those features."""
    candidates = Candidates(problem)
    named: dict[str, Observation] = {"default": candidates, "candidates": candidates, "jitml": Jitml(problem)}
    if isinstance(problem.compiler, LocalCompiler):
        named["mlcse"] = Mlcse(problem, problem.compiler)
    return named


__all__ = ["observations"]
