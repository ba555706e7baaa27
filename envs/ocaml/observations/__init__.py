"""The named observations of OCaml inlining."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.core.observation import Observation
from gymcc.envs.ocaml.observations.call import NextCall
from gymcc.envs.ocaml.observations.graph import CallTree
from gymcc.envs.ocaml.problem import OcamlInline


def observations(problem: OcamlInline) -> Mapping[str, Observation]:
    """All of them; ``static`` is the default without the profile, as a compiler without one sees a call."""
    call = NextCall(problem)
    return {"default": call, "call": call, "static": NextCall(problem, profile=False), "graph": CallTree(problem)}


__all__ = ["observations"]
