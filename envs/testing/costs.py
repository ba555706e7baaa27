"""Laws 9 and 11: costs against bounds, against brute force, and against the live back end."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import isfinite

import numpy as np

from gymcc.envs.core.problem import Problem
from gymcc.envs.testing.report import Broken, Skipped
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.walks import Path, Walk, follow, named, on_paths

BOUND_RELATIVE = 1e-9  # deterministic costs
BOUND_MEASURED = 0.15  # a measured cost may undercut a measured bound by this share
SEQUENCES = 500  # action sequences tried from an instance
LADDER_WALKS = 50
RUNG = 1.5  # least ratio of successive costs on a ladder of nests of widely different speed
RUNGS = 4  # shortest ladder that says anything


def costs_respect_bounds(subject: Subject) -> None:
    """Costs are finite and at least the bound; the best of all short action sequences is the best of all states."""

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
    """Compare all action sequences, each walked for itself, with a search over distinct states."""
    depth = max(1, min(problem.max_steps, int(np.log(SEQUENCES) / np.log(max(2, problem.n_actions)))))
    start = problem.initial(instance)
    sequences = dict(_sequences(problem, start, (), depth))
    other = problem.fresh() if problem.deterministic else problem
    best = min(sequences.values(), key=problem.cost)
    way = next(actions for actions, state in sequences.items() if state == best)
    if (found := min(map(other.cost, _distinct(other, start, depth)))) != problem.cost(best):
        what = f"cost {problem.cost(best)!r}, but the best distinct state has {found!r}"
        raise Broken(what, named(problem, instance, way))


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
                promised = f"{found:.2f} over {len(states)} states, promised {subject.live.rank_correlation}"
                raise Broken(f"rank correlation {promised}", f"{[embedded.encode(state) for state in states]}")
    if not tried:
        raise Skipped(f"no instance has {RUNGS} states whose costs differ by {RUNG} each")


def _ladder(problem: Problem[Hashable], instance: str) -> list[Hashable]:
    """States in the order of their costs, each at least ``RUNG`` times the one before."""
    numbers = np.random.default_rng(0).integers(10**6, size=(LADDER_WALKS, problem.max_steps)).tolist()
    states = {state: None for choices in numbers for state in follow(problem, Walk(instance, tuple(choices))).states}
    rungs: list[Hashable] = []
    for state in sorted(states, key=problem.cost):
        if not rungs or problem.cost(state) >= RUNG * problem.cost(rungs[-1]):
            rungs.append(state)
    return rungs


def rank_correlation(one: list[float], other: list[float]) -> float:
    """Spearman's rank correlation of at least two pairs, in [-1, 1]; ties are ranked in the order given."""
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (one, other)]
    return 1 - 6 * float(np.sum((ranks[0] - ranks[1]) ** 2)) / (len(one) * (len(one) ** 2 - 1))
