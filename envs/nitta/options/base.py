"""What the decisions of all kinds have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from gymcc.envs.nitta.functions import Function
from gymcc.envs.nitta.graph import Graph, Waiting
from gymcc.envs.nitta.state import Synthesis

Json = dict[str, Any]


class DecisionKind(StrEnum):
    """Kinds of decisions, in the order of their options; the values are the tags of NITTA's views less ``View``."""

    ALLOCATION = "Allocation"
    GROUP_BIND = "GroupBind"
    SINGLE_BIND = "SingleBind"
    DATAFLOW = "DataflowDecision"
    BREAK_LOOP = "BreakLoop"
    RESOLVE_DEADLOCK = "ResolveDeadlock"
    OPTIMIZE_ACCUM = "OptimizeAccum"
    OPTIMIZE_LOGICAL_UNIT = "OptimizeLogicalUnit"
    CONSTANT_FOLDING = "ConstantFolding"


class Decision(ABC):
    """One step of the synthesis; frozen."""

    __slots__ = ()
    kind: ClassVar[DecisionKind]
    fallible: ClassVar[bool] = False  # whether :meth:`may_fail` is worth asking

    @abstractmethod
    def apply(self, state: Synthesis) -> Synthesis:
        """The state after it. Raises :class:`gymcc.envs.nitta.units.InvalidDecision` where NITTA fails."""

    def may_fail(self, state: Synthesis) -> bool:
        """Whether :meth:`apply` might raise: then it has to be tried to know, which takes time."""
        return False

    @abstractmethod
    def phrase(self, state: Synthesis) -> str:
        """The decision in a few words, for people."""

    @abstractmethod
    def view(self, state: Synthesis) -> Json:
        """Its fields as NITTA's API shows them, without the tag; ``state`` is the one it was offered in."""


@dataclass(frozen=True, slots=True)
class Option:
    """A decision that is offered: NITTA's metrics of it by name, and NITTA's score, greater is better."""

    decision: Decision
    metrics: Mapping[str, Any]
    score: float

    @property
    def kind(self) -> DecisionKind:
        """The kind of the decision."""
        return self.decision.kind


def refactored(waiting: Waiting, old: Container[Function], new: tuple[Function, ...]) -> Waiting:
    """The functions with ``old`` replaced by ``new`` at the end, less those that share no variable with another.

    NITTA does that to what is waiting, too: a waiting function whose neighbours are all bound is lost.
    """
    algorithm = Graph(_without_strays((*(f for f in waiting.algorithm.functions if f not in old), *new)))
    return Waiting(_without_strays((*(f for f in waiting.functions if f not in old), *new)), algorithm)


def _without_strays(functions: tuple[Function, ...]) -> tuple[Function, ...]:
    users = Counter(variable for function in functions for variable in function.variables)
    return tuple(f for f in functions if any(users[variable] > 1 for variable in f.variables))


def function_view(function: Function) -> Json:
    """A function as NITTA's API shows it."""
    return {"fvFun": function.text, "fvHistory": []}
