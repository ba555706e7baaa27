"""Laws 3 and 8: states are values."""

from __future__ import annotations

import pickle
from collections.abc import Hashable
from typing import Any

import numpy as np

from gymcc.envs.core.problem import BackendError, Problem
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.walks import Path, Walk, follow, on_paths

GARBAGE = ("", " ", "nonsense", "\0", "0", "{}")


def apply_is_pure(subject: Subject) -> None:
    """``apply`` gives equal states for equal arguments, leaves them alone, and memoised costs are not stale."""

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        for state, action in zip(path.states, path.actions, strict=False):
            _applied_twice(problem, state, action)
        again = follow(problem.fresh(), walk)
        if again.states != path.states:
            raise Broken("the same walk taken again leads elsewhere")
        if problem.deterministic:
            _fresh_costs(problem, path)

    on_paths(subject, body)


def _applied_twice(problem: Problem[Hashable], state: Hashable, action: int) -> None:
    text, number = problem.encode(state), hash(state)
    once, twice = problem.apply(state, action), problem.apply(state, action)
    if once != twice or hash(once) != hash(twice) or problem.encode(once) != problem.encode(twice):
        raise Broken(f"applying {problem.describe(action)} to {text!r} twice gives two states")
    if problem.encode(state) != text or hash(state) != number:
        raise Broken(f"applying {problem.describe(action)} changed its argument {text!r}")


def _fresh_costs(problem: Problem[Hashable], path: Path) -> None:
    for state in path.states:
        try:
            kept, anew = problem.cost(state), problem.fresh().evaluate(state)
        except BackendError:
            continue
        if kept != anew:
            raise Broken(f"cost of {problem.encode(state)!r} is {kept!r} memoised, {anew!r} evaluated anew")


def text_reads_back(subject: Subject) -> None:
    """``decode(encode(state))``, ``parse(describe(action))`` and pickling give back what went in; garbage raises."""
    problem = subject.problem()
    _actions_read_back(problem)
    for text in GARBAGE:
        for read in (problem.decode, problem.parse):
            _refuses(read, text)

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        for state in path.states:
            text = problem.encode(state)
            _same(problem, state, problem.decode(text), f"decode({text!r})")
            _same(problem, state, pickle.loads(pickle.dumps(state)), f"{text!r} unpickled")  # noqa: S301

    on_paths(subject, body)


def _actions_read_back(problem: Problem[Hashable]) -> None:
    for action in range(problem.n_actions):
        name = problem.describe(action)
        if problem.parse(name) != action:
            raise Broken(f"action {action} is named {name!r}, which reads back as {problem.parse(name)}")


def _refuses(read: Any, text: str) -> None:
    try:
        value = read(text)
    except ValueError as error:
        if not str(error):
            raise Broken(f"{read.__name__}({text!r}) raises ValueError without a message") from error
        return
    raise Broken(f"{read.__name__}({text!r}) gives {value!r} where it must raise ValueError")


def _same(problem: Problem[Hashable], state: Hashable, other: Hashable, what: str) -> None:
    if other != state or hash(other) != hash(state) or problem.encode(other) != problem.encode(state):
        raise Broken(f"{what} is another state: {other!r}")
    if not np.array_equal(problem.legal(other), problem.legal(state)):
        raise Broken(f"{what} allows other actions")
