"""Making the LoopTune environment and its problem from plain options."""

from __future__ import annotations

from typing import Any

from gymcc.envs.core.choices import choose
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.looptune.backends import make
from gymcc.envs.looptune.dataset import DATASETS
from gymcc.envs.looptune.observations import observations
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import LoopState


def make_problem(backend: str = "native", action_set: str = "looptune", isa: str = "") -> LoopTune:
    """The problem alone, for searches; options as in :func:`make_env`."""
    return LoopTune(make(backend, isa), action_set)


def make_env(
    backend: str = "native",
    action_set: str = "looptune",
    isa: str = "",
    dataset: str = "looptune/mm-64-256-16",
    split: str = "all",
    **options: Any,
) -> CompilerEnv[LoopState]:
    """The environment behind ``looptune-mm-v0``.

    ``backend``: ``native`` (measured) or ``model`` (deterministic). ``isa``: ``avx512`` or ``avx2``, empty for the
    back end's default. Instances are drawn from ``split`` (train, validation, test, all) of ``dataset``. Further
    options are those of :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    problem = make_problem(backend, action_set, isa)
    instances = choose(DATASETS, dataset, "dataset").split(split)
    return CompilerEnv(problem, observations(problem), instances, **options)
