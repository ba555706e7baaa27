"""A method with what the passes need to know of its form, before any value is known."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.frontend.costs import Cost, costs_of
from gymcc.envs.jitcse.frontend.discovery import eligible
from gymcc.envs.jitcse.frontend.flat import Flat, flatten
from gymcc.envs.jitcse.frontend.flow import Flow, flow_of
from gymcc.envs.jitcse.ir import Method


@dataclass(frozen=True, slots=True)
class Form:
    """Control flow, the table of nodes, and per node its tree's costs and whether it may be a common subexpression."""

    method: Method
    flow: Flow
    flat: Flat
    costs: list[Cost]
    may: list[bool]


def form_of(method: Method) -> Form:
    """The form of a well-formed method."""
    flow, flat = flow_of(method), flatten(method)
    costs = costs_of(flat)
    return Form(method, flow, flat, costs, eligible(flat, costs))
