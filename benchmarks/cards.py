"""Dataset cards: the facts a user needs before trusting a number."""

from __future__ import annotations

from typing import Any

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import SPLITS
from gymcc.envs.core.problem import Problem


def card(problem: Problem[Any], name: str) -> list[dict[str, Any]]:
    """Rows ``{"fact", "value"}`` of a dataset: origin, licence, size, split, checksum, an example and its bound."""
    dataset = choose(problem.datasets, name, "dataset")
    example = dataset.instances[0]
    facts: dict[str, Any] = {
        "name": dataset.name,
        "description": dataset.description,
        "origin": dataset.origin,
        "licence": dataset.licence,
        "instances": len(dataset),
        **{part: len(dataset.split(part)) for part in SPLITS},
        "split": f"by hash of the id, seed {dataset.seed}",
        "checksum": dataset.checksum(),
        "cost_unit": problem.unit,
        "costs": "deterministic" if problem.deterministic else "measured",
        "example": example,
        "bound_of_example": problem.bound(example),
    }
    return [{"fact": fact, "value": value} for fact, value in facts.items()]
