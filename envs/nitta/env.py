"""Making the NITTA environment and its problem from plain options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.nitta.dataset import PROGRAMS, find
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.observations import observations
from gymcc.envs.nitta.options import GROUP_BINDS
from gymcc.envs.nitta.problem import Nitta
from gymcc.envs.nitta.toml import load_microarchitecture
from gymcc.envs.nitta.tree import Node


def make_problem(
    dataset: str = PROGRAMS,
    max_options: int = 64,
    group_binds: str = "nitta",
    microarchitecture: str = "",
    number_type: str = "fx32.32",
    split_seed: int = 0,
) -> Nitta:
    """The problem alone, for searches; options as in :func:`make_env`."""
    return _open(dataset, max_options, group_binds, microarchitecture, number_type, split_seed)[0]


def make_env(
    dataset: str = PROGRAMS,
    split: str = "all",
    max_options: int = 64,
    group_binds: str = "nitta",
    microarchitecture: str = "",
    number_type: str = "fx32.32",
    lookahead: bool = False,
    split_seed: int = 0,
    **options: Any,
) -> CompilerEnv[Node]:
    """The environment behind ``nitta-synthesis-v0``.

    Instances are drawn from ``split`` (train, validation, test, all) of ``dataset``: a shipped one's name, a Lua file,
    or a folder of them. ``max_options``: 32, 64 or 128 actions. ``group_binds``: ``nitta`` offers every group of binds,
    ``obvious`` only the obvious one, ``off`` none. ``microarchitecture``: a TOML file, empty for NITTA's default.
    ``number_type``: ``fxM.B``. ``lookahead`` adds to the observation where each option leads, at twice the time.
    Further options are those of :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    problem, instances = _open(dataset, max_options, group_binds, microarchitecture, number_type, split_seed)
    return CompilerEnv(problem, observations(problem, lookahead), instances.split(split), **options)


def _open(
    dataset: str, max_options: int, group_binds: str, microarchitecture: str, number_type: str, split_seed: int
) -> tuple[Nitta, Dataset]:
    choose(dict.fromkeys(GROUP_BINDS), group_binds, "group_binds")
    platform: Microarchitecture = load_microarchitecture(Path(microarchitecture)) if microarchitecture else DEFAULT
    datasets, wanted, own = find(dataset, split_seed)
    known = platform == DEFAULT and group_binds == GROUP_BINDS[0]
    library = Library(own, NumberType.parse(number_type), known)
    return Nitta(library, datasets, platform, max_options, group_binds), wanted
