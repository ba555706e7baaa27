"""Replaying records: the same actions must be legal, lead to the same state, cost the same and compute the same."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.making import make_bare
from gymcc.envs.core.problem import BackendError, IllegalAction, Problem, UnknownInstance
from gymcc.envs.core.record import Record

RELATIVE = 1e-9  # deterministic costs
MEASURED = 1.3  # a measured cost may be off by this factor on the machine it was taken on …
READINGS = 4  # … in the best of so many readings: a machine is noisy, a forgery wrong every time


def known_as(record: Record) -> str:
    """The key that records on one problem share."""
    return f"{record.env} {sorted(record.options.items())}"


def problem_of(record: Record, known: dict[str, Problem[Any]]) -> Problem[Any]:
    """The problem a record was made on, kept in ``known`` for the next one; raises ValueError."""
    key = known_as(record)
    if key not in known:
        try:
            known[key] = make_bare(record.env, record.options).problem.careful()
        except (ValueError, TypeError) as error:
            raise ValueError(f"env: {error}") from error
    return known[key]


def verify(record: Record, known: dict[str, Problem[Any]]) -> list[str]:
    """What is wrong with a record, each fault beginning with the field's name; empty if it holds."""
    try:
        problem = problem_of(record, known)
        states = _replay(problem, record)
    except (ValueError, TypeError) as error:
        return [str(error)]
    faults = []
    if problem.encode(states[0]) != record.start:
        faults.append(f"start: replay starts at {problem.encode(states[0])!r}")
    if problem.encode(states[-1]) != record.final:
        faults.append(f"final: replay ends at {problem.encode(states[-1])!r}")
    faults += _check_costs(problem, record, states) + _check_rest(problem, record)
    try:
        problem.check_semantics(states[-1], seed=abs(record.seed))
    except BackendError as error:
        faults.append(f"final: computes something else: {error}")
    return faults


def _replay(problem: Problem[Any], record: Record) -> list[Hashable]:
    try:
        states = [problem.initial(record.instance)]
    except UnknownInstance as error:
        raise ValueError(f"instance: {error}") from error
    if len(record.actions) > problem.max_steps:
        raise ValueError(f"actions: {len(record.actions)}, and an episode has {problem.max_steps}")
    for number, name in enumerate(record.actions):
        try:
            states.append(problem.apply(states[-1], problem.parse(name)))
        except (IllegalAction, ValueError) as error:
            raise ValueError(f"actions: number {number}, {name!r}: {error}") from error
    return states


def _check_costs(problem: Problem[Any], record: Record, states: list[Any]) -> list[str]:
    if len(record.costs) != len(states):
        return [f"costs: {len(record.costs)} for {len(states)} states"]
    if problem.deterministic != record.deterministic:
        return [f"deterministic: says {record.deterministic}, the back end {problem.deterministic}"]
    if not problem.deterministic and record.machine != fingerprint():
        return []  # seconds of another machine
    faults = []
    for number, (claimed, state) in enumerate(zip(record.costs, states, strict=True)):
        cost = _nearest_cost(problem, state, claimed)
        allowed = RELATIVE if problem.deterministic else MEASURED - 1
        if not abs(claimed - cost) <= cost * allowed:
            faults.append(f"costs: number {number} is {claimed:.6g}, replay gives {cost:.6g}")
    return faults


def _nearest_cost(problem: Problem[Any], state: Any, claimed: float) -> float:
    """The replayed cost; of a measured one that disagrees, the reading nearest to what is claimed."""
    costs = [problem.cost(state)]
    while not problem.deterministic and len(costs) < READINGS and abs(claimed - costs[-1]) > costs[-1] * (MEASURED - 1):
        costs.append(problem.evaluate(state))
    return min(costs, key=lambda cost: abs(claimed - cost))


def _check_rest(problem: Problem[Any], record: Record) -> list[str]:
    faults = []
    bound = problem.bound(record.instance)
    if (
        problem.deterministic
        and bound == bound
        and (record.bound is None or abs(record.bound - bound) > bound * RELATIVE)
    ):
        faults.append(f"bound: is {record.bound}, replay gives {bound:.6g}")
    if any(len(point) != 3 for point in record.curve):
        faults.append("curve: a point is not [evaluations, seconds, cost]")
    elif problem.deterministic and record.curve and record.costs:
        # Of measured costs the curve holds the search's own readings, the path the judge's.
        faults += _check_curve(record)
    for name, version in problem.versions().items():
        if record.versions.get(name) != version:
            faults.append(f"versions: {name} was {record.versions.get(name)!r}, here {version!r}")
    return faults


def _check_curve(record: Record) -> list[str]:
    """The curve ends between the cost of the last state and of the best, which a search may not have had budget for."""
    reached = min(cost for *_, cost in record.curve)
    if not reached <= record.final_cost * (1 + RELATIVE):
        return ["curve: never reaches the cost that the path ends at"]
    if reached < record.best_cost * (1 - RELATIVE):
        return ["curve: claims a lower cost than any of the path"]
    return []
