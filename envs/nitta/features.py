"""Features of an option for a value model, computed from what NITTA's API says of it and of its siblings.

One row per option, after the feature engineering of NITTA's own machine learning (nitta, ``ml/synthesis``): the
metrics of binds and dataflows, the decision's tag as one-hot, and how many of the other options have each tag.
Booleans are ±1 and a metric that the option does not have is 0. ``pWave`` is left out (null for many binds), and the
default score too, so that a model learns something of its own.

>>> view = {"sid": "-0", "decision": {"tag": "BreakLoopView"}, "parameters": []}
>>> {name: value for name, value in row(view, [view]).items() if value}
{'tag_BreakLoopView': 1.0}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

View = Mapping[str, Any]  # a NodeView: of it `decision`, `parameters` and, among siblings, `sid`

BIND_METRICS = (
    "pAllowDataFlow",
    "pAlternative",
    "pCritical",
    "pNumberOfBoundFunctions",
    "pOutputNumber",
    "pPercentOfBoundInputs",
    "pPossibleDeadlock",
    "pRestless",
)
GROUP_METRICS = (
    "pAvgBinds",
    "pAvgUnitWorkload",
    "pFunctionPercentInBinds",
    "pOnlyObviousBinds",
    "pVarianceBinds",
    "pVarianceUnitWorkload",
)
DATAFLOW_METRICS = ("pFirstWaveOfTargetUse", "pNotTransferableInputs", "pRestrictedTime", "pWaitTime")
METRICS_OF = {"SingleBindView": BIND_METRICS, "GroupBindView": GROUP_METRICS, "DataflowDecisionView": DATAFLOW_METRICS}
TAGS = (
    "AllocationView",
    "GroupBindView",
    "SingleBindView",
    "DataflowDecisionView",
    "BreakLoopView",
    "ResolveDeadlockView",
    "OptimizeAccumView",
    "OptimizeLogicalUnitView",
    "ConstantFoldingView",
)
COLUMNS: tuple[str, ...] = (
    *(name for names in METRICS_OF.values() for name in names),
    *(f"tag_{tag}" for tag in TAGS),
    *(f"siblings_{tag}" for tag in TAGS),
)
_AT = {name: index for index, name in enumerate(COLUMNS)}


def row(view: View, siblings: Sequence[View]) -> dict[str, float]:
    """The features of one option by name, all of :data:`COLUMNS`.

    ``siblings`` are the options of the same node; ``view`` may be among them and is not counted. A tag that is not in
    :data:`TAGS`, of a newer NITTA, has no column. Raises ValueError for what is no NodeView.
    """
    counts = Counter(_tag(each) for each in siblings if each["sid"] != view["sid"])
    return dict(zip(COLUMNS, _numbers(view, counts), strict=True))


def matrix(views: Sequence[View], columns: Sequence[str] = COLUMNS) -> NDArray[np.float32]:
    """The features of all options of one node, float32 ``(len(views), len(columns))``.

    ``columns`` are those that a model was trained on. Raises ValueError for one that is not known here.
    """
    if unknown := sorted(set(columns) - set(COLUMNS)):
        raise ValueError(f"unknown feature {unknown[0]!r}; known: {', '.join(COLUMNS)}")
    counts = Counter(_tag(view) for view in views)
    rows = np.zeros((len(views), len(COLUMNS)), np.float32)
    for at, view in enumerate(views):
        others = counts.copy()
        others[_tag(view)] -= 1
        rows[at] = _numbers(view, others)
    return rows if columns is COLUMNS else rows[:, [_AT[name] for name in columns]]


def _numbers(view: View, siblings: Mapping[str, int]) -> list[float]:
    tag = _tag(view)
    numbers = [0.0] * len(COLUMNS)
    for name in METRICS_OF.get(tag, ()):
        numbers[_AT[name]] = _number(view["parameters"].get(name))
    if f"tag_{tag}" in _AT:
        numbers[_AT[f"tag_{tag}"]] = 1.0
    for other, count in siblings.items():
        if f"siblings_{other}" in _AT:
            numbers[_AT[f"siblings_{other}"]] = float(count)
    return numbers


def _tag(view: View) -> str:
    try:
        return str(view["decision"]["tag"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a NodeView: no decision.tag in {str(view)[:200]}") from error


def _number(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool):
        return 1.0 if value else -1.0
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return float(sum(value))  # pNotTransferableInputs, one number for each function fed
    raise ValueError(f"a metric is a number, true, false, null or a list of numbers, got {value!r}")
