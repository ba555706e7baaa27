"""Making the NITTA environment and its problem from plain options."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.nitta.dataset import PROGRAMS, find
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.microarchitecture import DEFAULT
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.observations import observations
from gymcc.envs.nitta.options import GROUP_BINDS
from gymcc.envs.nitta.problem import Nitta
from gymcc.envs.nitta.toml import load
from gymcc.envs.nitta.tree import Node

if TYPE_CHECKING:
    from gymcc.envs.nitta.backends.server import ServerSettings

BACKENDS = ("embedded", "server")


class Network(NamedTuple):
    """How to come by a server, as :class:`gymcc.envs.nitta.backends.server.ServerSettings` has it; empty: as there."""

    url: str
    command: str | Sequence[str]
    folder: str
    answer_seconds: float | None
    start_seconds: float | None
    restart_every: int | None


def make_problem(
    dataset: str = PROGRAMS,
    max_options: int = 64,
    group_binds: str = "nitta",
    microarchitecture: str = "",
    number_type: str = "",
    split_seed: int = 0,
    backend: str = "embedded",
    url: str = "",
    command: str | Sequence[str] = "",
    folder: str = "",
    answer_seconds: float | None = None,
    start_seconds: float | None = None,
    restart_every: int | None = None,
) -> Nitta:
    """The problem alone, for searches; options as in :func:`make_env`."""
    network = Network(url, command, folder, answer_seconds, start_seconds, restart_every)
    program = (dataset, microarchitecture, number_type, split_seed)
    return _open(*program, max_options, group_binds, _network(backend, network))[0]


def make_env(
    dataset: str = PROGRAMS,
    split: str = "all",
    max_options: int = 64,
    group_binds: str = "nitta",
    microarchitecture: str = "",
    number_type: str = "",
    lookahead: bool = False,
    split_seed: int = 0,
    backend: str = "embedded",
    url: str = "",
    command: str | Sequence[str] = "",
    folder: str = "",
    answer_seconds: float | None = None,
    start_seconds: float | None = None,
    restart_every: int | None = None,
    **options: Any,
) -> CompilerEnv[Node]:
    """The environment behind ``nitta-synthesis-v0``.

    Instances are drawn from ``split`` (train, validation, test, all) of ``dataset``: a shipped one's name, a Lua file,
    or a folder of them. ``max_options``: 32, 64 or 128 actions. ``group_binds``: ``nitta`` offers every group of binds,
    ``obvious`` only the obvious one, ``off`` none. ``microarchitecture``: a TOML file, empty for NITTA's default.
    ``number_type``: ``fxM.B``, empty for that of the TOML file, else fx32.32. ``lookahead`` adds to the observation
    where each option leads, at twice the time.

    ``backend="server"`` asks a live NITTA: the one at ``url``, which has one program, or servers of our own, one per
    program, that ``command`` starts (text or words; empty: the variable NITTA_RUN_COMMAND_OVERRIDE, or ``stack exec
    nitta --``) in ``folder``, NITTA's repository, within ``start_seconds`` (120). They answer within ``answer_seconds``
    (60) or the episode is cut off, and are started anew after ``restart_every`` (200; 0: never) episodes.
    Further options are those of :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    network = Network(url, command, folder, answer_seconds, start_seconds, restart_every)
    program = (dataset, microarchitecture, number_type, split_seed)
    problem, instances = _open(*program, max_options, group_binds, _network(backend, network))
    return CompilerEnv(problem, observations(problem, lookahead), instances.split(split), **options)


def _open(
    dataset: str,
    microarchitecture: str,
    number_type: str,
    split_seed: int,
    max_options: int,
    group_binds: str,
    settings: ServerSettings | None,
) -> tuple[Nitta, Dataset]:
    """The problem, and the dataset that was asked for."""
    choose(dict.fromkeys(GROUP_BINDS), group_binds, "group_binds")
    platform, values = load(Path(microarchitecture)) if microarchitecture else (DEFAULT, DEFAULT_TYPE)
    number = NumberType.parse(number_type) if number_type else values
    datasets, wanted, own = find(dataset, split_seed)
    library = Library(own, number, known=platform == DEFAULT and group_binds == GROUP_BINDS[0])
    if settings is None:
        return Nitta(library, datasets, platform, max_options, group_binds), wanted
    from gymcc.envs.nitta.backends.server.problem import LiveNitta, served

    if settings.url:
        wanted = served(settings, library, wanted)
        datasets = {**datasets, wanted.name: wanted}
    return LiveNitta(library, datasets, platform, max_options, group_binds, settings), wanted


def _network(backend: str, network: Network) -> ServerSettings | None:
    """The settings of a server where there is to be one; raises ValueError for an option that would go unheeded."""
    choose(dict.fromkeys(BACKENDS), backend, "backend")
    given = {name: value for name, value in network._asdict().items() if value not in ("", None, (), [])}
    if backend != "server":
        if given:
            raise ValueError(f"{' and '.join(given)}: for backend=server, not {backend}")
        return None
    from gymcc.envs.nitta.backends.server import ServerSettings

    if "url" in given and (ours := sorted(given.keys() - {"url", "answer_seconds"})):
        raise ValueError(f"{' and '.join(ours)}: for servers of our own, not the one at {network.url}")
    if "command" in given:
        words = network.command
        if not isinstance(words, str | list | tuple):
            raise ValueError(f"command is text or words, got {words!r}")
        given["command"] = tuple(shlex.split(words) if isinstance(words, str) else map(str, words))
    if "folder" in given:
        given["folder"] = Path(network.folder).expanduser()
    if "answer_seconds" in given:
        given["seconds"] = given.pop("answer_seconds")
    return ServerSettings(**given)
