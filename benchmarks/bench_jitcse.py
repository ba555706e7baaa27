"""Speed of JIT CSE: front end, evaluations by the embedded JIT and by LLVM, and how well the two rank alike."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from random import Random
from statistics import mean
from time import process_time
from typing import Any

import numpy as np

from gymcc.benchmarks.statistics import spearman
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.compilers import Backend
from gymcc.envs.jitcse.dataset import STDLIB, shipped
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.policies import viable
from gymcc.envs.jitcse.shipped import methods

CHOICES = 32  # distinct ones per method
SLOW_METHODS = 40  # for LLVM


def bench(count: int = 200) -> list[dict[str, Any]]:
    """Rows ``what, unit, value, target`` over ``count`` methods of the shipped test split; CPU time of one core."""
    instances = _spread(shipped()[STDLIB], count)
    frozen = [methods()[instance] for instance in instances]
    start = process_time()
    analyses = [analyse(method) for method in frozen]
    front = (process_time() - start) / len(frozen)
    embedded = Embedded("x64")
    rows = [
        _row("front end, a method", "ms", front * 1e3, "<= 3"),
        _row("prepare for the embedded JIT, a method", "ms", _prepare(embedded, analyses) * 1e3, None),
        _row("embedded JIT", "evaluations/s", 1 / _evaluate(embedded, analyses), ">= 5000"),
    ]
    if find_spec("llvmlite") is not None:
        from gymcc.envs.jitcse.backends.llvm import Llvm

        llvm, few = Llvm(), analyses[:: max(1, len(analyses) // SLOW_METHODS)]
        rows.append(_row("LLVM, an evaluation", "ms", _evaluate(llvm, few) * 1e3, "<= 8"))
        agreement = float(np.nanmedian([_agreement(embedded, llvm, analysis) for analysis in few]))
        rows.append(_row("rank correlation of the two, median of methods", "Spearman", agreement, None))
    return rows


def _row(what: str, unit: str, value: float, target: str | None) -> dict[str, Any]:
    return {"what": what, "unit": unit, "value": value, "target": target}


def _spread(dataset: Dataset, count: int) -> tuple[str, ...]:
    members = dataset.split("test")
    return members[:: max(1, len(members) // count)][:count]


def _choices(analysis: Analysis, random: Random) -> Iterator[Choice]:
    """Distinct sets of viable candidates, drawn evenly."""
    numbers = viable(analysis)
    masks = random.sample(range(2 ** len(numbers)), min(CHOICES, 2 ** len(numbers)))
    return (frozenset(n for at, n in enumerate(numbers) if mask >> at & 1) for mask in masks)


def _prepare(backend: Backend, analyses: list[Analysis]) -> float:
    start = process_time()
    for analysis in analyses:
        backend.prepare(analysis)
    return (process_time() - start) / len(analyses)


def _evaluate(backend: Backend, analyses: list[Analysis]) -> float:
    """CPU seconds of one evaluation, the mean over methods."""
    random, means = Random(0), []
    for analysis in analyses:
        prepared, choices = backend.prepare(analysis), list(_choices(analysis, random))
        start = process_time()
        for choice in choices:
            backend.score(prepared, choice)
        means.append((process_time() - start) / len(choices))
    return mean(means)


def _agreement(one: Backend, other: Backend, analysis: Analysis) -> float:
    """Spearman's rank correlation of two back ends over a method's choices; nan where either sees no difference."""
    choices = list(_choices(analysis, Random(1)))
    prepared = [(backend, backend.prepare(analysis)) for backend in (one, other)]
    return spearman(*([backend.score(known, choice).perf_score for choice in choices] for backend, known in prepared))
