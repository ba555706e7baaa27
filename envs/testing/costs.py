"""Laws 9 and 11: costs against bounds, against brute force, and against the live back end."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import pairwise
from math import isfinite
from random import Random

import numpy as np

from gymcc.envs.core.problem import Problem
from gymcc.envs.testing.report import Broken, Skipped
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.walks import Path, Walk, follow, named, on_paths

BOUND_RELATIVE = 1e-9  # deterministic costs
BOUND_MEASURED = 0.15  # a measured cost may undercut a measured bound by this share
SEQUENCES = 500  # action sequences tried from an instance
RUNG = 1.5  # least ratio of successive costs on a ladder of nests of widely different speed
RUNGS = 4  # shortest ladder that says anything


def costs_respect_bounds(subject: Subject) -> None:
    """Costs are finite and no lower than the bound; the best of all short action sequences is the best of all states."""

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        bound = problem.bound(walk.instance)
        slack = BOUND_RELATIVE if problem.deterministic else BOUND_MEASURED
        for state in path.states:
            cost = problem.cost(state)
            if not isfinite(cost) or cost < bound * (1 - slack):
                raise Broken(f"cost {cost!r} of {problem.encode(state)!r}, whose bound is {bound!r}")

    on_paths(subject, body)
    for instance in subject.instances:
        _exhaust(subject.problem(), instance)


def _exhaust(problem: Problem[Hashable], instance: str) -> None:
    """Compare all sequences, each walked for itself, with the search over distinct states that every search here uses."""
    depth = max(1, min(problem.max_steps, int(np.log(SEQUENCES) / np.log(max(2, problem.n_actions)))))
    start = problem.initial(instance)
    sequences = dict(_sequences(problem, start, (), depth))
    other = problem.fresh() if problem.deterministic else problem
    best = min(sequences.values(), key=problem.cost)
    way = next(actions for actions, state in sequences.items() if state == best)
    if (found := min(map(other.cost, _distinct(other, start, depth)))) != problem.cost(best):
        raise Broken(f"cost {problem.cost(best)!r}, but the best distinct state has {found!r}", named(problem, instance, way))


def _sequences(
    problem: Problem[Hashable], state: Hashable, actions: tuple[int, ...], depth: int
) -> Iterator[tuple[tuple[int, ...], Hashable]]:
    yield actions, state
    if depth and not problem.is_terminal(state):
        for action in np.flatnonzero(problem.legal(state)):
            yield from _sequences(problem, problem.apply(state, int(action)), (*actions, int(action)), depth - 1)


def _distinct(problem: Problem[Hashable], start: Hashable, depth: int) -> set[Hashable]:
    seen = layer = {start}
    for _ in range(depth):
        alive = [state for state in layer if not problem.is_terminal(state)]
        layer = {problem.apply(state, int(a)) for state in alive for a in np.flatnonzero(problem.legal(state))} - seen
        seen = seen | layer
    return seen


def embedded_ranks_like_live(subject: Subject) -> None:
    """States of widely different embedded cost are ranked by the live back end as far as was promised."""
    if subject.live is None:
        raise Skipped("no live counterpart was named")
    live = Subject(subject.live.env_id, subject.live.options, subject.instances, subject.max_examples)
    embedded, measured = subject.problem(), live.problem()
    tried = 0
    for instance in subject.instances:
        states = _ladder(embedded, instance)
        if len(states) >= RUNGS:
            tried += 1
            found = rank_correlation([embedded.cost(s) for s in states], [measured.cost(s) for s in states])
            if found < subject.live.rank_correlation:
                what = f"rank correlation {found:.2f} over {len(states)} states, promised {subject.live.rank_correlation}"
                raise Broken(f"{what}: {[embedded.encode(state) for state in states]}", f"instance {instance}")
    if not tried:
        raise Skipped(f"no instance has {RUNGS} states whose costs differ by {RUNG} each")


def _ladder(problem: Problem[Hashable], instance: str) -> list[Hashable]:
    """States in the order of their costs, each at least ``RUNG`` times the one before."""
    random = Random(0)
    numbers = [tuple(random.randrange(10**6) for _ in range(problem.max_steps)) for _ in range(SEQUENCES // 10)]
    states = {state: None for choices in numbers for state in follow(problem, Walk(instance, choices)).states}
    rungs: list[Hashable] = []
    for state in sorted(states, key=problem.cost):
        if not rungs or problem.cost(state) >= RUNG * problem.cost(rungs[-1]):
            rungs.append(state)
    assert all(problem.cost(low) < problem.cost(high) for low, high in pairwise(rungs))
    return rungs


def rank_correlation(one: list[float], other: list[float]) -> float:
    """Spearman's rank correlation, in [-1, 1]; ties are ranked in the order given."""
    ranks = [np.argsort(np.argsort(np.array(values), kind="stable"), kind="stable") for values in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
