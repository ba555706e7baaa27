"""A value model's scores in place of NITTA's own, as NITTA takes them with ``-s ml_NAME``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gymcc.agents.serving.nitta_ml.value_model import ValueModel
from gymcc.envs.nitta.methods import SynthesisNode

BONUS = 20.0  # added to every value, so that options that do not look like failures are positive


def model_scores(folder: Path) -> Callable[[SynthesisNode], Sequence[float]]:
    """Scores of a node's options by the model in ``folder`` (``value.onnx``, ``value.json``).

    Raises :class:`gymcc.agents.serving.nitta_ml.value_model.ModelError`.
    """
    return scores_of(ValueModel.load(folder))


def scores_of(model: ValueModel) -> Callable[[SynthesisNode], Sequence[float]]:
    """The same of a model that is loaded, or served."""

    def scores(node: SynthesisNode) -> Sequence[float]:
        return [value + BONUS for value in model.scores(views(node))] if node.options else []

    return scores


def views(node: SynthesisNode) -> list[dict[str, Any]]:
    """Of each option what a value model looks at, as NodeViews have it."""
    return [
        {"sid": str(index), "decision": {"tag": f"{option.decision.kind}View"}, "parameters": option.metrics}
        for index, option in enumerate(node.options)
    ]
