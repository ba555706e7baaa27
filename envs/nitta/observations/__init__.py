"""The named observations of NITTA's synthesis."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.core.observation import Observation
from gymcc.envs.nitta.observations.graph import AlgorithmGraph
from gymcc.envs.nitta.observations.options import Options
from gymcc.envs.nitta.problem import Nitta


def observations(problem: Nitta, lookahead: bool = False) -> Mapping[str, Observation]:
    """All of them; ``lookahead`` switches where each option leads on in the default one."""
    options = Options(problem, lookahead)
    return {"default": options, "options": options, "graph": AlgorithmGraph()}


__all__ = ["observations"]
