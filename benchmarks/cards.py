"""Dataset cards: the facts a user needs before trusting a number."""

from __future__ import annotations

from math import isnan
from typing import Any

from gymcc.benchmarks.statistics import geometric_mean
from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import SPLITS, Dataset
from gymcc.envs.core.problem import Problem

SAMPLE = 100  # instances that baselines are computed on
LANDSCAPE = 3_000  # instances that the problem's own facts are computed on


def card(problem: Problem[Any], name: str) -> list[dict[str, Any]]:
    """Rows ``{"fact", "value"}`` of a dataset: origin, licence, size, split, checksum, an example, and baselines."""
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
        **(_baselines(problem, dataset) if problem.deterministic else {}),
        **problem.landscape(dataset.instances[:LANDSCAPE]),
    }
    return [{"fact": fact, "value": value} for fact, value in facts.items()]


def _baselines(problem: Problem[Any], dataset: Dataset) -> dict[str, Any]:
    """Geometric means over the first test instances: how near the start is to the bound, what the heuristic gains."""
    instances = (dataset.split("test") or dataset.instances)[:SAMPLE]
    starts = [problem.cost(problem.initial(instance)) for instance in instances]
    ends = [problem.cost(_led_by_heuristic(problem, instance)) for instance in instances]
    bounds = [problem.bound(instance) for instance in instances]
    found: dict[str, Any] = {"baselines_over": f"{len(instances)} instances"}
    if not any(map(isnan, bounds)):
        found["default_share_of_bound"] = geometric_mean([b / c for b, c in zip(bounds, starts, strict=True)])
        found["heuristic_share_of_bound"] = geometric_mean([b / c for b, c in zip(bounds, ends, strict=True)])
    return found | {"heuristic_speedup": geometric_mean([s / e for s, e in zip(starts, ends, strict=True)])}


def _led_by_heuristic(problem: Problem[Any], instance: str) -> Any:
    state = problem.initial(instance)
    for action in problem.heuristic(instance):
        state = problem.apply(state, action)
    return state
