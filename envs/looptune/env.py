"""Making the LoopTune environment and its problem from plain options."""

from __future__ import annotations

from typing import Any

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.dataset_files import find_dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.looptune.backends import make
from gymcc.envs.looptune.dataset import DATASETS
from gymcc.envs.looptune.instance import parse
from gymcc.envs.looptune.observations import observations
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import LoopState

DEFAULT_DATASET = "looptune/mm-64-256-16"


def make_problem(
    backend: str = "native", action_set: str = "looptune", isa: str = "", dataset: str = DEFAULT_DATASET
) -> LoopTune:
    """The problem alone, for searches; options as in :func:`make_env`."""
    return _problem(backend, action_set, isa, find_dataset(DATASETS, dataset, parse))


def make_env(
    backend: str = "native",
    action_set: str = "looptune",
    isa: str = "",
    dataset: str = DEFAULT_DATASET,
    split: str = "all",
    **options: Any,
) -> CompilerEnv[LoopState]:
    """The environment behind ``looptune-mm-v0``.

    ``backend``: ``native`` (measured) or ``model`` (deterministic). ``isa``: ``avx512`` or ``avx2``, empty for the
    back end's default. Instances are drawn from ``split`` (train, validation, test, all) of ``dataset``, a shipped
    one's name or the folder of one's own. Further options are those of :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    instances = find_dataset(DATASETS, dataset, parse)
    problem = _problem(backend, action_set, isa, instances)
    return CompilerEnv(problem, observations(problem), instances.split(split), **options)


def _problem(backend: str, action_set: str, isa: str, dataset: Dataset) -> LoopTune:
    return LoopTune(make(backend, isa), action_set, {**DATASETS, dataset.name: dataset})
