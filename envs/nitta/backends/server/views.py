"""A NodeView, the JSON in which a NITTA server describes a node, taken apart and checked."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from gymcc.envs.nitta.backends.server.errors import MalformedAnswer
from gymcc.envs.nitta.features import METRICS_OF
from gymcc.envs.nitta.options import DecisionKind

UNKNOWN = "Unknown"
UNBOUNDED = 2**63 - 1  # how NITTA writes infinity
KINDS = {f"{kind}View": kind for kind in DecisionKind}
METRICS = {
    **{KINDS[tag]: names for tag, names in METRICS_OF.items()},
    DecisionKind.SINGLE_BIND: (*METRICS_OF["SingleBindView"], "pWave"),
    DecisionKind.RESOLVE_DEADLOCK: ("pNumberOfLockedVariables", "pBufferCount", "pNumberOfTransferableVariables"),
    DecisionKind.ALLOCATION: ("mParallelism", "mRelatedRemains", "mMinPusForRemains", "mMaxParallels", "mAvgParallels"),
}
PARALLELISM = ("None", "Pipeline", "Full")
PHRASE = 120  # characters
_warned: set[str] = set()


@dataclass(frozen=True, slots=True, eq=False)
class RemoteDecision:
    """``kind`` as the embedded model's, or "Unknown" for one of another NITTA; ``view`` as the server shows it."""

    kind: str
    view: Mapping[str, Any]

    @property
    def phrase(self) -> str:
        """The decision in a few words, for people."""
        if not self.view:
            return "what the server fails on"
        fields = (f"{name} {_brief(value)}" for name, value in self.view.items() if name != "tag")
        return " ".join((str(self.view["tag"]).removesuffix("View"), ", ".join(fields)))[:PHRASE]


@dataclass(frozen=True, slots=True, eq=False)
class RemoteOption:
    """A decision on offer, its metrics by NITTA's names, and its score."""

    decision: RemoteDecision
    metrics: Mapping[str, float | bool | tuple[float, ...] | None]
    score: float

    @property
    def kind(self) -> str:
        """The kind of the decision."""
        return self.decision.kind


UNAVAILABLE = RemoteOption(RemoteDecision(UNKNOWN, {}), {}, -inf)  # the way to a node that crashes the server


@dataclass(frozen=True, slots=True, eq=False)
class NodeFacts:
    """What a NodeView says; ``option`` is None at the root."""

    sid: str
    option: RemoteOption | None
    duration: int
    is_leaf: bool
    is_complete: bool
    view: Mapping[str, Any]


def parse_view(view: Any, request: str) -> NodeFacts:
    """The facts of a NodeView that answered ``request``; raises :class:`MalformedAnswer`."""
    try:
        tag = view["decision"]["tag"]
        score, metrics = _number(view["score"]), _metrics(view)
        return NodeFacts(
            sid=_typed(view["sid"], str),
            option=None if tag == "RootView" else RemoteOption(_decision(view, metrics), metrics, score),
            duration=_typed(view["duration"], int),
            is_leaf=_typed(view["isTerminal"], bool),
            is_complete=_typed(view["isFinish"], bool),
            view=view,
        )
    except (KeyError, TypeError) as error:
        raise MalformedAnswer(request, f"not a NodeView ({error!r}): {str(view)[:200]}") from error


def parse_views(views: Any, request: str) -> list[NodeFacts]:
    """The same for a list of them."""
    if not isinstance(views, list):
        raise MalformedAnswer(request, f"not a list of NodeViews: {str(views)[:200]}")
    return [parse_view(view, request) for view in views]


def _decision(view: Mapping[str, Any], metrics: Mapping[str, Any]) -> RemoteDecision:
    tag = view["decision"]["tag"]
    known = tag in KINDS and _has_metrics(KINDS[tag], metrics)
    if not known and tag not in _warned:
        _warned.add(tag)
        what = "with these metrics " if tag in KINDS else ""
        warnings.warn(f"NITTA server: decision {tag!r} {what}is not known here; taken as {UNKNOWN!r}", stacklevel=2)
    return RemoteDecision(KINDS[tag] if known else UNKNOWN, view["decision"])


def _has_metrics(kind: DecisionKind, metrics: Mapping[str, Any]) -> bool:
    """Whether there are the metrics that the embedded model has for the kind."""
    return all(name in metrics and _is_usual(name, metrics[name]) for name in METRICS.get(kind, ()))


def _is_usual(name: str, value: Any) -> bool:
    if name == "mParallelism":
        return value in PARALLELISM
    if name == "pNotTransferableInputs":
        return isinstance(value, tuple) and all(isinstance(item, int | float) for item in value)
    return isinstance(value, int | float) or (name == "pWave" and value is None)


def _metrics(view: Mapping[str, Any]) -> dict[str, Any]:
    parameters = view["parameters"]
    if not isinstance(parameters, Mapping):
        return {}  # NITTA's way to say that there are none is an empty list
    return {name: _metric(value) for name, value in parameters.items() if name != "tag"}


def _metric(value: Any) -> Any:
    """Numbers with infinity in its place, lists as tuples; what a newer server may send besides as it is."""
    if isinstance(value, list):
        return tuple(_metric(item) for item in value)
    return _number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _brief(value: Any) -> str:
    """A field of a decision: functions as their texts, endpoints as unit and variables."""
    if isinstance(value, Mapping):
        role = value.get("epRole")
        if isinstance(role, Mapping):
            return _brief(role.get("contents"))
        if "fvFun" in value:
            return str(value["fvFun"])
        return "; ".join(f"{name}: {_brief(item)}" for name, item in value.items())
    return " ".join(map(_brief, value)) if isinstance(value, list) else str(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return inf if value >= UNBOUNDED else -inf if value <= -UNBOUNDED else value


def _typed(value: Any, expected: type) -> Any:
    if type(value) is not expected:
        raise TypeError(f"{value!r} is not {expected.__name__}")
    return value
