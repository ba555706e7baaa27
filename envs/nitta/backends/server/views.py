"""A NodeView, the JSON in which a NITTA server describes a node, taken apart and checked."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from gymcc.envs.nitta.backends.server.errors import MalformedAnswer
from gymcc.envs.nitta.features import TAGS

UNKNOWN = "Unknown"
UNBOUNDED = 2**63 - 1  # how NITTA writes infinity
KINDS = {tag: tag.removesuffix("View") for tag in TAGS}
_warned: set[str] = set()


@dataclass(frozen=True, slots=True, eq=False)
class RemoteDecision:
    """``kind`` as the embedded model's, or "Unknown" for one of a newer server; ``view`` as the server shows it."""

    kind: str
    view: Mapping[str, Any]

    def may_fail(self, state: object) -> bool:
        """Whether it has to be tried out before one knows that the server can carry it out: yes."""
        return True


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
        score = _number(view["score"])
        return NodeFacts(
            sid=_typed(view["sid"], str),
            option=None if tag == "RootView" else RemoteOption(_decision(tag, view), _metrics(view), score),
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


def _decision(tag: str, view: Mapping[str, Any]) -> RemoteDecision:
    if tag not in KINDS and tag not in _warned:
        _warned.add(tag)
        warnings.warn(f"NITTA server: decision {tag!r} is not known here; taken as {UNKNOWN!r}", stacklevel=2)
    return RemoteDecision(KINDS.get(tag, UNKNOWN), view["decision"])


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


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return inf if value >= UNBOUNDED else -inf if value <= -UNBOUNDED else value


def _typed(value: Any, expected: type) -> Any:
    if type(value) is not expected:
        raise TypeError(f"{value!r} is not {expected.__name__}")
    return value
