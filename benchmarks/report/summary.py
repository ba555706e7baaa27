"""From records to the figures of a comparison: one row per method, and one method against others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gymcc.benchmarks.report.standing import Standing, standing
from gymcc.benchmarks.statistics import Interval, bootstrap_interval, geometric_mean, regressions
from gymcc.envs.core.record import Record

BEST, FINAL = "speedup", "final_speedup"  # prefixes of a row's keys
HEURISTIC = "heuristic"  # the method that takes the compiler's own decisions


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of one method, or one outside tool, reached on one instance. Costs are in the problem's unit."""

    method: str
    instance: str
    baseline: float  # cost of the start state, as seen by the same process
    best: float  # lowest cost on the path
    final: float  # cost of the last state
    bound: float | None
    flops: float | None
    seconds: float | None = None  # to find it; None for outside tools
    evaluations: int | None = None
    proven: bool = False
    deterministic: bool = True  # whether the costs are
    last_counts: bool = False  # what decides a comparison: the last state, or the best on the path

    @property
    def counted(self) -> float:
        """The cost that decides a comparison."""
        return self.final if self.last_counts else self.best

    @property
    def score(self) -> float:
        """The speed-up that decides a comparison."""
        return self.baseline / self.counted

    @property
    def speedup(self) -> float:
        """Of the best state on the path over the start state."""
        return self.baseline / self.best

    @property
    def final_speedup(self) -> float:
        """Of the last state over the start state."""
        return self.baseline / self.final


Outcomes = dict[str, list[Outcome]]  # by method
Scores = dict[str, float]  # by instance


def outcomes(records: Iterable[Record], last_counts: bool = False) -> Outcomes:
    """Outcomes by method, in order of first appearance; then those of the outside tools that records know of.

    ``extra["flops"]`` is the work of the instance; every other number in ``extra`` is the cost of the same work done
    by the tool of that name, e.g. numpy. A record needs neither, and the first record of an instance counts.
    """
    methods: Outcomes = {}
    tools: dict[str, dict[str, Outcome]] = {}
    for record in records:
        methods.setdefault(record.method, []).append(_of_search(record, last_counts))
        for name, cost in record.extra.items():
            if name != "flops" and isinstance(cost, float):
                tools.setdefault(name, {}).setdefault(record.instance, _of_tool(record, name, cost, last_counts))
    return methods | {name: list(runs.values()) for name, runs in tools.items()}


def _of_search(record: Record, last_counts: bool) -> Outcome:
    return Outcome(
        method=record.method,
        instance=record.instance,
        baseline=record.baseline_cost,
        best=record.best_cost,
        final=record.final_cost,
        bound=record.bound,
        flops=record.extra.get("flops"),
        seconds=record.seconds,
        evaluations=record.evaluations,
        proven=record.proven,
        deterministic=record.deterministic,
        last_counts=last_counts,
    )


def _of_tool(record: Record, name: str, cost: float, last_counts: bool) -> Outcome:
    return Outcome(
        method=name,
        instance=record.instance,
        baseline=record.baseline_cost,
        best=cost,
        final=cost,
        bound=record.bound,
        flops=record.extra.get("flops"),
        deterministic=record.deterministic,
        last_counts=last_counts,
    )


def per_instance(runs: Iterable[Outcome], score: Callable[[Outcome], float] = lambda run: run.score) -> Scores:
    """One score per instance: the geometric mean over its runs (seeds)."""
    values: dict[str, list[float]] = {}
    for run in runs:
        values.setdefault(run.instance, []).append(score(run))
    return {instance: geometric_mean(scores) for instance, scores in values.items()}


def summarise(records: Sequence[Record], last_counts: bool = False) -> list[dict[str, Any]]:
    """One row per method and per outside tool (see :func:`outcomes`), JSON-safe, None where unknown or meaningless.

    ``speedup_*``: ratio of the start state's cost to that of the best state on the path; ``final_speedup_*``: to that
    of the last state; ``counted`` names the one that decides, ``final_speedup`` where ``last_counts`` (see
    :attr:`gymcc.envs.core.problem.Problem.last_counts`). Both are aggregated over instances, whose runs are averaged
    first; ``*_low`` and ``*_high`` bound the 95 % interval. ``gflops_mean``: of the state that counts.
    ``share_of_bound``: geometric mean of bound / its cost (share of peak, where the bound is the machine's).
    ``regressions``: share of instances whose last state costs
    over 1 % more than the start. ``seconds_*``, ``evaluations_mean``: per run. ``better``, ``same``, ``worse``:
    on how many instances the method's last state is that, compared with the heuristic's; see :func:`against_heuristic`.
    """
    runs = outcomes(records, last_counts)
    return [_row(method, found) | _counts(against_heuristic(runs, method)) for method, found in runs.items()]


def _row(method: str, runs: Sequence[Outcome]) -> dict[str, Any]:
    best = list(per_instance(runs, lambda run: run.speedup).values())
    final = list(per_instance(runs, lambda run: run.final_speedup).values())
    bounds = [run.bound / run.counted for run in runs if run.bound]
    seconds = [run.seconds for run in runs if run.seconds is not None]
    return {
        "method": method,
        "instances": len(best),
        "runs": len(runs),
        "counted": FINAL if runs[0].last_counts else BEST,
        **_aggregate(BEST, best),
        **_aggregate(FINAL, final),
        "gflops_mean": _mean([run.flops / run.counted / 1e9 for run in runs if run.flops]),
        "share_of_bound": geometric_mean(bounds) if bounds else None,
        "seconds_mean": _mean(seconds),
        "seconds_max": max(seconds, default=None),
        "evaluations_mean": _mean([run.evaluations for run in runs if run.evaluations is not None]),
        "regressions": regressions(final),
        "proven": sum(run.proven for run in runs),
    }


def counted(row: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Of a row's speed-up that decides: geometric mean, interquartile mean, and the bounds of its 95 % interval."""
    name = row["counted"]
    return row[f"{name}_geomean"], row[f"{name}_iqm"], row[f"{name}_iqm_low"], row[f"{name}_iqm_high"]


def _counts(found: Standing | None) -> dict[str, int | None]:
    counts = found.counts if found else (None, None, None)
    return dict(zip(("better", "same", "worse"), counts, strict=True))


def _aggregate(name: str, ratios: Sequence[float]) -> dict[str, float]:
    iqm = bootstrap_interval(ratios, "iqm")
    return {
        f"{name}_geomean": geometric_mean(ratios),
        f"{name}_iqm": iqm.estimate,
        f"{name}_iqm_low": iqm.low,
        f"{name}_iqm_high": iqm.high,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def versus(ours: Scores, theirs: Scores, statistic: str = "geomean") -> Interval:
    """Ratio of two methods' scores over the instances they share, with its interval; ValueError if they share none."""
    return bootstrap_interval([ours[key] / theirs[key] for key in ours if key in theirs], statistic)


def against_heuristic(runs: Outcomes, method: str) -> Standing | None:
    """How a method's last states stand to the heuristic's; None where that has not been run on the same instances.

    Last states, because that is what a compiler is left with that follows the decisions without measuring.
    """
    if HEURISTIC not in runs:
        return None
    ours, theirs = (per_instance(runs[name], lambda run: run.final_speedup) for name in (method, HEURISTIC))
    return standing(ours, theirs, all(run.deterministic for run in (*runs[method], *runs[HEURISTIC])))


def best_of(scores: Iterable[Scores]) -> Scores:
    """For each instance the highest score of any method."""
    best: Scores = {}
    for one in scores:
        for instance, score in one.items():
            best[instance] = max(score, best.get(instance, score))
    return best
