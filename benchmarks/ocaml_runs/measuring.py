"""What a worker does: draw a neighbour of a tree, have it compiled, and say what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File
from random import Random
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.ocaml_runs.moves import mutate
from gymcc.benchmarks.ocaml_runs.space import Space, Tree, reported
from gymcc.envs.core.choices import choose
from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.compilers import Compilers, RealCompilers, Simulators
from gymcc.envs.ocaml.env import BACKENDS, RULES
from gymcc.envs.ocaml.features import site_features
from gymcc.envs.ocaml.library import Library, Source
from gymcc.envs.ocaml.problem import MAX_DEPTH, MAX_NODES, MODES

ATTEMPTS = 11  # at a candidate: the first and, like the original, 10 more where compilers fail
REMEMBERED = 20_000  # trees of one worker whose figures are kept


@dataclass(frozen=True, slots=True)
class Spec:
    """What compiles the programs, and what counts as cost: time and, to the power of ``size_weight``, growth."""

    backend: str = "sim"
    rules: str = "closure"  # of the simulator
    size_weight: float = 0.1
    max_depth: int = MAX_DEPTH
    max_nodes: int = MAX_NODES
    mode: str = "tree"  # of decisions: on copies too, or on the calls of the source alone ("site")
    own: tuple[tuple[str, str], ...] = ()  # ids and places of programs that are not shipped

    def __post_init__(self) -> None:
        choose(dict.fromkeys(BACKENDS), self.backend, "backend")
        choose(RULES, self.rules, "rules")
        choose(dict.fromkeys(MODES), self.mode, "mode")
        if not 0 <= self.size_weight <= 10:
            raise ValueError(f"size_weight is a number from 0 to 10, got {self.size_weight!r}")

    def compilers(self) -> Compilers:
        """Raises :class:`BackendError` where a real compiler is missing."""
        own = {name: Source(File(place).stem, place=(File(place),)) for name, place in self.own}
        library = Library(own)
        if self.backend == "sim":
            return Simulators(library, RULES[self.rules])
        return RealCompilers(library, self.backend)


@dataclass(frozen=True, slots=True)
class Task:
    """Measure ``tree``, or with a ``seed`` a random neighbour of it."""

    program: str
    tree: Tree
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The tree that the compiler made, and its figures; ``error`` says why there are none."""

    tree: Tree
    nested: list[list[Any]]
    cost: float | None = None  # in the back end's unit
    size: int | None = None  # bytes of machine code
    objective: float | None = None  # share of the default's cost, with size
    error: str = ""


Measure: TypeAlias = Callable[[Sequence[Task]], Iterable[Outcome]]  # in the order of the tasks


@dataclass(frozen=True, slots=True)
class Opened:
    """A program and its trees."""

    space: Space
    features: NDArray[np.float64]  # of each site


class Worker:
    """Works on tasks, one after the other; programs and the figures of trees are kept."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._compilers = spec.compilers()
        self.opened = lru_cache(None)(self._open)
        self._measured = lru_cache(REMEMBERED)(self._measure)

    def __call__(self, task: Task) -> Outcome:
        """The outcome of a task; that the compiler fails on a tree is one, too."""
        space = self.opened(task.program).space
        if not task.seed:
            return self._measured(task.program, task.tree)
        random = Random(task.seed)
        for _ in range(ATTEMPTS):
            outcome = self._measured(task.program, mutate(space, task.tree, random))
            if not outcome.error:
                break
        return outcome

    def versions(self) -> dict[str, str]:
        """What costs depend on."""
        return self._compilers.versions()

    def _open(self, program: str) -> Opened:
        backend = self._compilers.backend(program)
        space = Space(backend, self.spec.max_depth, self.spec.max_nodes, self.spec.mode)
        return Opened(space, site_features(backend.sites, backend.definitions))

    def _measure(self, program: str, wanted: Tree) -> Outcome:
        space = self.opened(program).space
        try:
            figures = space.backend.cost(space.decisions(wanted))
        except BackendError as error:
            return Outcome(wanted, space.nested(wanted), error=str(error))
        baseline, tree = space.backend.baseline, reported(wanted, figures.refused)
        growth = max(1.0, figures.text / baseline.text)
        objective = figures.cost / baseline.cost * growth**self.spec.size_weight
        return Outcome(tree, space.nested(tree), figures.cost, figures.text, objective)
