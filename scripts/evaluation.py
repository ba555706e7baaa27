"""Comparing a policy and searches instance by instance: fair costs, records that survive a kill, one table, one report.

Searches price states in memos of their own. What each method found is then priced again by one judge per instance, so
that a lucky reading during a search of a thousand does not count, and equal results get equal costs.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from gymcc.agents.policy import Policy, rollout
from gymcc.agents.search import Budget, SearchResult, search
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.problem import BackendError, Problem
from gymcc.envs.core.record import Record, append_record, intact_records, make_record

POLICY = "policy"


@dataclass(frozen=True)
class Plan:
    """What to run on which instances."""

    env_id: str
    options: dict[str, Any]
    instances: tuple[str, ...]
    methods: tuple[str, ...]  # searches, and "policy" if there is one
    references: tuple[str, ...]  # outside tools, priced into each record's extra
    budget: Budget
    seed: int = 0  # the first of ``seeds`` successive ones, with each of which every search is run
    seeds: int = 1
    facts: dict[str, Any] = field(default_factory=dict)  # e.g. the policy's digest

    def runs(self) -> list[tuple[str, int]]:
        """Each method with each seed; the policy, which draws nothing, once."""
        seeds = range(self.seed, self.seed + self.seeds)
        return [(method, seed) for method in self.methods for seed in (seeds if method != POLICY else seeds[:1])]

    def key(self, problem: Problem[Any]) -> str:
        """Names the record file: another plan never continues this one's, nor the same on other tools or machines."""
        facts = {**self.facts, "env": self.env_id, "options": self.options, "seed": self.seed}
        facts |= {"versions": problem.versions(), "machine": {} if problem.deterministic else fingerprint()}
        facts |= {"evaluations": self.budget.evaluations, "seconds": self.budget.seconds}
        facts |= {"instances": self.instances, "references": self.references}
        facts |= {"seeds": self.seeds} if self.seeds > 1 else {}
        return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=5).hexdigest()


def searched(
    problem: Problem[Any],
    judge: Problem[Any],
    env_id: str,
    options: dict[str, Any],
    instance: str,
    method: str,
    budget: Budget,
    seed: int,
    extra: dict[str, Any] | None = None,
) -> Record:
    """Run one search and record what it found at the judge's costs."""
    found = search(problem, instance, method, budget, seed)
    tell_failures(instance, found)
    return make_record(
        judge,
        env_id,
        options,
        instance,
        found.actions,
        method=method,
        seed=seed,
        evaluations=found.evaluations,
        seconds=found.seconds,
        curve=[list(point) for point in found.curve],
        proven=found.proven,
        extra=extra or {},
    )


def tell_failures(name: str, found: SearchResult) -> None:
    """Say on standard error how many evaluations gave no cost, and why the first did not."""
    if found.failures:
        share = f"{found.failures} of {found.evaluations} evaluations failed"
        print(f"note: {name}: {found.method}: {share}, the first: {found.failure}", file=sys.stderr)


def rolled_out(
    policy: Policy, env: CompilerEnv[Any], judge: Problem[Any], plan: Plan, instance: str, extra: dict[str, Any]
) -> Record:
    """Roll the policy out greedily, price its path, and record it; the time includes the pricing."""
    own = env.problem.fresh()
    start = perf_counter()
    actions = rollout(policy, env, instance)
    state = own.initial(instance)
    best = own.cost(state)
    curve = [[0, 0.0, best]]
    for action in actions:
        state = own.apply(state, action)
        best = min(best, own.cost(state))
        curve.append([own.memo.misses - 1, perf_counter() - start, best])
    return make_record(
        judge,
        plan.env_id,
        plan.options,
        instance,
        actions,
        method=POLICY,
        seed=plan.seed,
        evaluations=own.memo.misses - 1,
        seconds=curve[-1][1],
        curve=curve,
        proven=False,
        extra=extra,
    )


def run(
    plan: Plan, env: CompilerEnv[Any], path: Path, policy: Policy | None, advance: Callable[[str], None]
) -> list[Record]:
    """All records of a plan, in order; finished ones are read back from ``path``, new ones appended as they come.

    An instance that a live compiler fails on is left out for all methods, which is told on standard error. Raises
    :class:`BackendError` if that leaves none.
    """
    done = {(record.instance, record.method, record.seed): record for record in _finished(path)}
    path.parent.mkdir(parents=True, exist_ok=True)
    kept: list[str] = []
    for instance in plan.instances:
        try:
            for record in _missing(plan, env, policy, instance, done):
                append_record(path, record)
            kept.append(instance)
        except BackendError as error:
            if instance == plan.instances[-1] and not kept:
                raise
            print(f"left out: {instance}: {error}", file=sys.stderr)
        advance(instance)
    return [done[instance, method, seed] for instance in kept for method, seed in plan.runs()]


def _missing(
    plan: Plan, env: CompilerEnv[Any], policy: Policy | None, instance: str, done: dict[tuple[str, str, int], Record]
) -> Iterator[Record]:
    """The records of an instance that are not among those ``done``, which they join one by one."""
    missing = [(method, seed) for method, seed in plan.runs() if (instance, method, seed) not in done]
    judge = env.problem.careful()
    extra = _extra(plan, env.problem, judge, instance) if missing else {}
    for method, seed in missing:
        if method == POLICY:
            assert policy is not None
            record = rolled_out(policy, env, judge, plan, instance, extra)
        else:
            record = searched(env.problem, judge, plan.env_id, plan.options, instance, method, plan.budget, seed, extra)
        done[instance, method, seed] = record
        yield record


def _extra(plan: Plan, problem: Problem[Any], judge: Problem[Any], instance: str) -> dict[str, Any]:
    """Figures of an instance that the report needs: work (for GFLOPS) and the costs of outside tools."""
    extra: dict[str, Any] = {name: problem.reference(name, instance) for name in plan.references}
    state = judge.initial(instance)
    figures = judge.figures(state)
    if "gflops" in figures:
        extra["flops"] = figures["gflops"] * 1e9 * judge.cost(state)
    return extra


def _finished(path: Path) -> Sequence[Record]:
    """The whole records of a file; a line torn by a kill is cut off."""
    if not path.exists():
        return []
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return intact_records(path)
