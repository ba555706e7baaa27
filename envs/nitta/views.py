"""Nodes and options as NITTA's web API prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gymcc.envs.nitta.options import DecisionKind, Option
from gymcc.envs.nitta.state import Synthesis

if TYPE_CHECKING:
    from gymcc.envs.nitta.tree import Node

Json = dict[str, Any]
_TAGGED = {DecisionKind.SINGLE_BIND: "SingleBindMetrics", DecisionKind.GROUP_BIND: "GroupBindMetrics"}


def node_view(node: Node) -> Json:
    """NITTA's NodeView."""
    view: Json = {
        "sid": node.sid,
        "isTerminal": node.is_leaf,
        "isFinish": node.is_complete,
        "duration": node.duration,
    }
    if node.option is None or node.parent is None:
        return {**view, "score": 0, "scores": {"default": 0}, "parameters": "root", "decision": {"tag": "RootView"}}
    score = _number(node.option.score)
    return {
        **view,
        "score": score,
        "scores": {"default": score},
        "parameters": parameters(node.option),
        "decision": decision(node.option, node.parent.state),
    }


def decision(option: Option, state: Synthesis) -> Json:
    """The decision of an option that was offered in ``state``."""
    return {"tag": f"{option.kind}View", **option.decision.view(state)}


def parameters(option: Option) -> Json | list[Any]:
    """The metrics of an option."""
    if not option.metrics:
        return []
    shown = {name: _number(value) for name, value in option.metrics.items()}
    return {**shown, "tag": _TAGGED[option.kind]} if option.kind in _TAGGED else shown


def _number(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def comparable(view: Mapping[str, Any]) -> Any:
    """A decision's view for comparison: functions as their texts, lists of them without order."""
    plain = dict(view)
    for name in ("old", "new", "lOld", "lNew", "cRefOld", "cRefNew"):
        if name in plain:
            plain[name] = sorted(function["fvFun"] for function in plain[name])
    if "bindGroup" in plain:
        plain["bindGroup"] = {tag: sorted(f["fvFun"] for f in fs) for tag, fs in plain["bindGroup"].items()}
    if "targets" in plain:
        plain["targets"] = sorted(plain["targets"], key=lambda target: str(target[0]))
    return plain
