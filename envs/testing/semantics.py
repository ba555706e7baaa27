"""Law 13: what was optimised still computes the same."""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.core.problem import Problem
from gymcc.envs.testing.report import Skipped
from gymcc.envs.testing.subject import Subject
from gymcc.envs.testing.walks import Path, Walk, on_paths


def semantics_are_kept(subject: Subject) -> None:
    """``check_semantics`` accepts every reachable state tried, on other random inputs each time."""

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        try:
            problem.check_semantics(path.states[-1], seed=sum(walk.choices))
        except NotImplementedError as error:
            raise Skipped(str(error)) from error

    on_paths(subject, body)
