"""Which states are the same but for the order in which decisions were taken that do not depend on each other.

Two functions bound to a unit in either order give two states for NITTA, which lists options in that order, and yet
the same schedules. A search that keeps one of them sees many times as much.
"""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.nitta.options import Decision
from gymcc.envs.nitta.options.binds import SingleBind
from gymcc.envs.nitta.options.groups import GroupBind
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.tree import Node
from gymcc.envs.nitta.units import Unit

UNORDERED = frozenset({"functions", "queue", "cells", "receives", "sends"})


def canonical(state: Synthesis) -> Hashable:
    """Equal for states with the same futures, whatever the order of what waits and of what is bound."""
    return (
        state.bus_next,
        state.sent,
        state.last_buffered,
        state.prototypes,
        frozenset(state.waiting.functions),
        tuple(map(_unit, state.units)),
    )


def _unit(unit: Unit) -> Hashable:
    """A unit's fields, those without order as sets; remembered by the unit, which states share."""
    known = unit.__dict__.get("_canonical")
    if known is None:
        fields = ((name, getattr(unit, name)) for name in unit.__dataclass_fields__)
        known = tuple(frozenset(value) if name in UNORDERED else value for name, value in fields)
        unit.__dict__["_canonical"] = known
    return known


def taken(node: Node) -> frozenset[Hashable]:
    """The decisions that lead to a node, as a set; a group of binds as each of them. Nodes with the same ones are
    taken to be the same, which can be told before the node's state is built.
    """
    known: frozenset[Hashable] | None = node.__dict__.get("_taken")
    if known is None:
        if node.parent is None or node.option is None:
            known = frozenset()
        else:
            known = taken(node.parent) | _single(node.option.decision)
        node.__dict__["_taken"] = known
    return known


def _single(decision: Decision) -> frozenset[Hashable]:
    if isinstance(decision, GroupBind):
        return frozenset(SingleBind(function, at) for function, at in decision.binds)
    return frozenset({decision})
