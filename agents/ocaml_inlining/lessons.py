"""What there is to learn from: calls as the environment shows them, and what to decide on them by each model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.ocaml_inlining.settings import Experts
from gymcc.envs.core.choices import choose
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.ir import Path
from gymcc.envs.ocaml.problem import OcamlInline
from gymcc.envs.ocaml.state import InlineState

MOST = 0.3  # at stake in one decision; what is beyond counts no more
UNKNOWN = -1  # class of a decision of which only one side was compiled
Floats = NDArray[np.float32]
Values = Mapping[Path, Mapping[str, Any]]  # of a program by a model: inline, call, method, chosen
Label = Callable[[float, float, str, float], Action | None]  # worth inlined, worth as a call, method, margin


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples of several programs: N of them, D numbers each, E experts."""

    programs: tuple[str, ...]
    program: NDArray[np.int64]  # (N,) index into ``programs``
    observations: Floats  # (N, D)
    classes: NDArray[np.int64]  # (N, E) an action's number, or UNKNOWN
    stakes: Floats  # (N, E) difference in worth between inlining and not

    def of(self, programs: Sequence[str]) -> Lessons:
        """Those of some programs; the others stay known by name."""
        wanted = np.isin(self.program, [self.programs.index(each) for each in programs if each in self.programs])
        rows = self.program[wanted], self.observations[wanted], self.classes[wanted], self.stakes[wanted]
        return Lessons(self.programs, *rows)


def experts(settings: Experts) -> list[tuple[str, float]]:
    """The model and margin of each expert, repeats included."""
    known: dict[tuple[str, float], None] = dict.fromkeys(
        (m, 0.0 if m == "hand_lasso" else t) for m in settings.models for t in settings.margins
    )
    return list(known) * settings.repeats


def lessons(
    env: CompilerEnv[Any],
    observation: str,
    values: Mapping[str, Mapping[str, Values]],
    label: Label,
    settings: Experts,
    progress: Callable[[str], None] = lambda program: None,
) -> Lessons:
    """All that ``values``, by program and model, have to teach; raises ValueError where they lack a model.

    All experts see the same calls: those on the way of the first model's best tree.
    """
    if not values:
        raise ValueError("there are no values to learn from")
    each, parts = experts(settings), []
    for program, models in values.items():
        missing = [model for model in settings.models if model not in models]
        if missing:
            raise ValueError(f"{program}: no values of the model {missing[0]}; there are {', '.join(models)}")
        calls = list(_way(env, observation, program, models[settings.models[0]]))
        paths = [path for path, _ in calls]
        seen = np.stack([seen for _, seen in calls]).astype(np.float32)
        rows = [[models[model].get(path) for model, _ in each] for path in paths]
        classes = [[_class(row, label, margin) for row, (_, margin) in zip(known, each, strict=True)] for known in rows]
        stakes = [[_stake(row) for row in known] for known in rows]
        parts.append((seen, np.array(classes, np.int64), np.array(stakes, np.float32)))
        progress(program)
    index = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    observations, classes_of_all, stakes_of_all = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Lessons(tuple(values), index, observations, classes_of_all, stakes_of_all)


def _way(env: CompilerEnv[Any], observation: str, program: str, values: Values) -> Iterator[tuple[Path, Floats]]:
    """The calls on the way of a model's best tree, and how they look."""
    problem, observe = env.problem, choose(env.observations, observation, "observation")
    assert isinstance(problem, OcamlInline)
    episode = Episode(program, problem.initial(program), env.max_steps)
    while (path := episode.state.path) is not None:
        yield path, observe(episode).ravel()
        action = _followed(problem, episode.state, path, values.get(path))
        episode = episode.moved(int(action), problem.apply(episode.state, int(action)))


def _class(row: Mapping[str, Any] | None, label: Label, margin: float) -> int:
    found = None if row is None else label(row["inline"], row["call"], row["method"], margin)
    return UNKNOWN if found is None else int(found)


def _stake(row: Mapping[str, Any] | None) -> float:
    if row is None or -inf in (row["inline"], row["call"]):
        return 0.0
    return float(min(MOST, abs(row["inline"] - row["call"])))


def _followed(problem: OcamlInline, state: InlineState, path: Path, row: Mapping[str, Any] | None) -> Action:
    """What the tree has there, the compiler's own decision where nothing is known."""
    allowed = problem.allowed(state)
    wanted = problem.backend(state.program).default(path[-1])
    if row is not None:
        wanted = Action.INLINE if row["chosen"] else Action.NEVER
    return wanted if wanted in allowed else min(allowed)
