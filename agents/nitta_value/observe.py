"""What the value network sees of an option: the decision, what its node looks like, and how far the schedule has come.

More than NITTA's API tells: the embedded model's state is looked at, so that a transport is judged by its tick, by
what is left of its source and by how long a chain of functions hangs on the values it carries. Nothing here builds
the state behind an option.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.nitta_value.tails import Tails
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.microarchitecture import UnitType
from gymcc.envs.nitta.options import Decision, DecisionKind, Option
from gymcc.envs.nitta.options.accumulate import OptimizeAccum
from gymcc.envs.nitta.options.binds import SingleBind
from gymcc.envs.nitta.options.deadlocks import ResolveDeadlock
from gymcc.envs.nitta.options.fold import ConstantFolding
from gymcc.envs.nitta.options.loops import BreakLoop
from gymcc.envs.nitta.options.transfers import Dataflow
from gymcc.envs.nitta.state import Synthesis
from gymcc.envs.nitta.tree import Node

KINDS = tuple(DecisionKind)
TYPES = tuple(UnitType)
CLASSES: Mapping[str, tuple[Kind, ...]] = {
    "constant": (Kind.CONSTANT,),
    "loop": (Kind.LOOP, Kind.LOOP_BEGIN, Kind.LOOP_END),
    "buffer": (Kind.BUFFER, Kind.BROKEN_BUFFER),
    "sum": (Kind.ADD, Kind.SUB, Kind.NEG),
    "chain": (Kind.ACC,),
    "multiply": (Kind.MULTIPLY,),
    "division": (Kind.DIVISION,),
    "shift": (Kind.SHIFT_LEFT, Kind.SHIFT_RIGHT),
    "send": (Kind.SEND,),
    "receive": (Kind.RECEIVE,),
    "compare": (Kind.COMPARE,),
    "logic": (Kind.AND, Kind.OR, Kind.NOT, Kind.TRUTH_TABLE),
    "mux": (Kind.MUX,),
}
CLASS_OF = {kind: name for name, kinds in CLASSES.items() for kind in kinds}
METRICS: Mapping[str, float] = {  # by what they are divided
    "pCritical": 1,
    "pAlternative": 2,
    "pRestless": 10,
    "pOutputNumber": 4,
    "pAllowDataFlow": 4,
    "pPossibleDeadlock": 1,
    "pNumberOfBoundFunctions": 8,
    "pPercentOfBoundInputs": 1,
    "pWave": 8,
    "pOnlyObviousBinds": 1,
    "pFunctionPercentInBinds": 1,
    "pAvgBinds": 4,
    "pVarianceBinds": 4,
    "pAvgUnitWorkload": 4,
    "pVarianceUnitWorkload": 4,
    "pRestrictedTime": 1,
    "pNotTransferableInputs": 4,
    "pFirstWaveOfTargetUse": 8,
    "pNumberOfLockedVariables": 4,
    "pBufferCount": 2,
    "pNumberOfTransferableVariables": 4,
}
GENERAL = ("score", "rank", "rank_of_kind", "better_of_kind", "longest_tail_of", "variables_of")
BIND = ("free_cells", "unit_load", "unit_place")
TRANSPORT = ("wait", "sent", "left", "tail", "tail_behind", "tail_lost", "completes", "starts", "missing")
NODE = ("bus", "variables", "unsent", "groups", "transferable", "longest_tail", "slack_to_tail", "options", "depth")
UNIT = ("sources", "targets", "source_in", "busy_for", "bound")
COLUMNS = (
    *(f"is_{kind}" for kind in KINDS),
    *GENERAL,
    *BIND,
    *METRICS,
    *TRANSPORT,
    *(f"from_{each}" for each in TYPES),
    *(f"to_{each}" for each in TYPES),
    *(f"binds_{name}" for name in CLASSES),
    *NODE,
    *(f"after_{kind}" for kind in KINDS),
    *(f"offers_{kind}" for kind in KINDS),
    *(f"waiting_{name}" for name in CLASSES),
    *(f"{each}_{what}" for each in TYPES for what in UNIT),
)
AT = {name: index for index, name in enumerate(COLUMNS)}
FAR = 12.0  # ticks: what lies further ahead is all the same
Floats = NDArray[np.float32]


class Observer:
    """Features of nodes of one or more trees; remembers the chains of the algorithms it has seen."""

    def __init__(self) -> None:
        self._tails = Tails()

    def rows(self, node: Node) -> Floats:
        """Features of all options of a node, float32 ``(options, len(COLUMNS))``."""
        options = node.options
        rows = np.zeros((len(options), len(COLUMNS)), np.float32)
        if not options:
            return rows
        state, tails = node.state, self._tails(node.state.algorithm)
        shared = self._shared(node, tails)
        rows[:, list(shared)] = list(shared.values())
        longest = max((tails.get(v, 0) for v in state.transferable), default=0)
        ranks = _ranks(options)
        for row, option, rank in zip(rows, options, ranks, strict=True):
            row[AT[f"is_{option.kind}"]] = 1
            row[AT["score"]] = max(-1.0, option.score / 5000)
            row[AT["rank"]], row[AT["rank_of_kind"]], row[AT["better_of_kind"]] = rank
            for name, value in option.metrics.items():
                if name in METRICS:
                    row[AT[name]] = _number(value) / METRICS[name]
            _decision(row, option, state, tails, longest)
        return rows

    def _shared(self, node: Node, tails: Mapping[str, int]) -> dict[int, float]:
        state = node.state
        unsent, groups = _unsent(state), _unsent_groups(state)
        longest = max((tails.get(v, 0) for v in unsent), default=0)
        found = {
            "bus": state.bus_next / 20,
            "variables": len(state.algorithm.variables) / 20,
            "unsent": len(unsent) / 20,
            "groups": len(groups) / 20,
            "transferable": len(state.transferable) / 8,
            "longest_tail": longest / 20,
            "slack_to_tail": (len(groups) - longest) / 20,
            "options": len(node.options) / 20,
            "depth": node.depth / 40,
        }
        for kind, count in Counter(option.kind for option in node.options).items():
            found[f"offers_{kind}"] = count / 8
        if node.option is not None:
            found[f"after_{node.option.kind}"] = 1.0
        for name, count in Counter(CLASS_OF[f.kind] for f in state.waiting.functions).items():
            found[f"waiting_{name}"] = count / 8
        for name, value in _units(state):
            found[name] = found.get(name, 0.0) + value
        return {AT[name]: value for name, value in found.items()}


def remaining(node: Node) -> float:
    """Ticks that a schedule must at least go on from a node: groups of outputs still to be transferred, and one."""
    return len(_unsent_groups(node.state)) + 1.0


def _ranks(options: tuple[Option, ...]) -> Iterator[tuple[float, float, float]]:
    """Of each option: its rank by score among all and among its kind (0 is best, 1 worst), and how many are better."""
    everything = sorted(-option.score for option in options)
    by_kind: dict[DecisionKind, list[float]] = {}
    for option in options:
        by_kind.setdefault(option.kind, []).append(-option.score)
    for scores in by_kind.values():
        scores.sort()
    for option in options:
        same = by_kind[option.kind]
        better = same.index(-option.score)
        yield everything.index(-option.score) / len(everything), better / len(same), better / 8


def _decision(row: Floats, option: Option, state: Synthesis, tails: Mapping[str, int], longest: int) -> None:
    decision = option.decision
    variables = _variables(decision)
    row[AT["longest_tail_of"]] = max((tails.get(v, 0) for v in variables), default=0) / 20
    row[AT["variables_of"]] = len(variables) / 4
    if isinstance(decision, Dataflow):
        _transport(row, decision, state, tails, longest)
    elif isinstance(decision, SingleBind):
        unit, function = state.units[decision.at], decision.function
        row[AT[f"binds_{CLASS_OF[function.kind]}"]] = 1
        row[AT["unit_place"]] = sum(other.type is unit.type for other in state.units[: decision.at])
        row[AT["free_cells"]] = (unit.spec.size - len(getattr(unit, "cells", ()))) / 16
        row[AT["unit_load"]] = len(unit.functions) / 8


def _variables(decision: Decision) -> Collection[str]:
    """What a decision is about, under names of the algorithm as it is before the decision."""
    match decision:
        case SingleBind(function=function):
            return function.variables
        case Dataflow(targets=targets):
            return [variable for _, variable in targets]
        case BreakLoop(loop=loop):
            return loop.produced
        case OptimizeAccum(consumer=consumer, producer=producer):
            return consumer.variables | producer.variables
        case ResolveDeadlock(variables=variables):
            return variables
        case ConstantFolding(function=function):
            return function.variables
    return ()


def _transport(row: Floats, decision: Dataflow, state: Synthesis, tails: Mapping[str, int], longest: int) -> None:
    sent = {variable for _, variable in decision.targets}
    left = [variable for variable in decision.variables if variable not in sent]
    tail = max(tails.get(v, 0) for v in sent)
    row[AT["wait"]] = min(FAR, decision.tick - state.bus_next) / 4
    row[AT["sent"]] = len(sent) / 2
    row[AT["left"]] = len(left) / 2
    row[AT["tail"]] = tail / 20
    row[AT["tail_behind"]] = (longest - tail) / 10
    row[AT["tail_lost"]] = max((tails.get(v, 0) for v in left), default=0) / 20
    row[AT[f"from_{state.units[decision.source].type}"]] = 1
    unsent = _unsent(state)
    for at, variable in decision.targets:
        row[AT[f"to_{state.units[at].type}"]] += 1
        others = [v for v in state.algorithm.consumer[variable].inputs if v != variable and v in unsent]
        row[AT["completes"]] += not others
        row[AT["starts"]] += len(others) + 1 == len(state.algorithm.consumer[variable].inputs)
        row[AT["missing"]] += len(others) / 2


def _units(state: Synthesis) -> Iterator[tuple[str, float]]:
    for unit in state.units:
        sources = [e for e in unit.endpoints if e.is_source]
        yield f"{unit.type}_sources", len(sources) / 4
        yield f"{unit.type}_targets", (len(unit.endpoints) - len(sources)) / 4
        if sources:
            ahead = min(e.earliest for e in sources) - state.bus_next
            yield f"{unit.type}_source_in", max(-FAR, min(FAR, ahead)) / 4
        yield f"{unit.type}_busy_for", max(-FAR, min(FAR, unit.next_tick - state.bus_next)) / 4
        yield f"{unit.type}_bound", len(unit.functions) / 8


def _unsent(state: Synthesis) -> frozenset[str]:
    """Variables still to be transferred; computed once per state."""
    known: frozenset[str] | None = state.__dict__.get("_unsent")
    if known is None:
        sent: set[str] = set()
        past = state.past
        while past:
            sent.update(variable for _, variable in past.transport.targets)
            past = past.before
        known = state.__dict__["_unsent"] = state.algorithm.variables - sent
    return known


def _unsent_groups(state: Synthesis) -> list[tuple[str, ...]]:
    """Groups of outputs that are not completely transferred: each needs one more transport at least."""
    unsent = _unsent(state)
    return [group for f in state.algorithm.functions for group in f.outputs if not unsent.isdisjoint(group)]


def _number(value: Any) -> float:
    if value is None:
        return -1.0
    return float(sum(value)) if isinstance(value, tuple) else float(value)


__all__ = ["CLASSES", "COLUMNS", "Observer", "remaining"]
