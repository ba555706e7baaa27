"""Random walks: what hypothesis draws, shrinks and shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException
from numpy.typing import NDArray

from gymcc.envs.core.problem import Problem
from gymcc.envs.testing.report import Broken, Skipped
from gymcc.envs.testing.subject import Subject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Walk:
    """An instance and numbers that :func:`pick` or :func:`pick_legal` turn into actions as the walk goes on."""

    instance: str
    choices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A walk of legal actions through a problem."""

    actions: tuple[int, ...]
    states: tuple[Any, ...]  # (len(actions) + 1,), start state first


def walks(subject: Subject) -> st.SearchStrategy[Walk]:
    """Walks from the subject's instances, up to two steps longer than an episode."""
    return st.builds(Walk, st.sampled_from(subject.instances), choices(subject))


def choices(subject: Subject) -> st.SearchStrategy[tuple[int, ...]]:
    """The numbers of a walk: below ``n_actions`` that action, legal or not, above it one of the legal ones."""
    problem = subject.problem()
    return st.lists(st.integers(0, 2 * problem.n_actions - 1), max_size=problem.max_steps + 2).map(tuple)


def pick(choice: int, mask: NDArray[Any]) -> int:
    """The action that a choice means where ``mask`` holds."""
    return choice if choice < len(mask) else pick_legal(choice, mask)


def pick_legal(choice: int, mask: NDArray[Any]) -> int:
    """The legal action that a choice means where ``mask`` holds; some action must be legal."""
    legal = np.flatnonzero(mask)
    return int(legal[choice % len(legal)])


def follow(problem: Problem[Hashable], walk: Walk) -> Path:
    """Take only legal actions, until there are none, the episode's length is reached, or the walk ends."""
    states: list[Any] = [problem.initial(walk.instance)]
    actions: list[int] = []
    for choice in walk.choices[: problem.max_steps]:
        mask = problem.legal(states[-1])
        if problem.is_terminal(states[-1]) or not mask.any():
            break
        actions.append(pick_legal(choice, mask))
        states.append(problem.apply(states[-1], actions[-1]))
    return Path(tuple(actions), tuple(states))


def named(problem: Problem[Hashable], instance: str, actions: Sequence[int]) -> str:
    """A counterexample as text that can be typed in again."""
    return f"instance {instance}, actions {','.join(problem.describe(action) for action in actions) or '(none)'}"


def on_paths(subject: Subject, body: Callable[[Problem[Hashable], Walk, Path], None]) -> None:
    """Try ``body(problem, walk, path)`` on many legal walks through one problem; raise :class:`Broken` if it fails."""
    problem = subject.problem()

    def attempt(walk: Walk) -> None:
        path = follow(problem, walk)
        located(lambda: body(problem, walk, path), lambda: named(problem, walk.instance, path.actions))

    explore(subject, walks(subject), attempt)


def located(body: Callable[[], None], show: Callable[[], str]) -> None:
    """Run ``body``; a failure of any kind becomes a :class:`Broken` with ``show()`` as its counterexample."""
    try:
        body()
    except (HypothesisException, Skipped):
        raise
    except Broken as fault:
        fault.counterexample = fault.counterexample or show()
        raise
    except Exception as error:
        raise Broken(f"raises {type(error).__name__}: {error}", show()) from error


def explore(subject: Subject, strategy: st.SearchStrategy[T], body: Callable[[T], None]) -> None:
    """Try ``body`` on what ``strategy`` draws and raise the :class:`Broken` of the smallest failure found.

    Draws are the same on every run, and nothing is written to the working directory.
    """

    @settings(
        max_examples=subject.max_examples,
        database=None,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(strategy)
    def attempt(drawn: T) -> None:
        located(lambda: body(drawn), lambda: repr(drawn))

    try:
        attempt()
    except Flaky as error:
        raise Broken(f"fails or not by chance: {error}") from error
