"""Making the OCaml inlining environment and its problem from plain options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.ocaml.compilers import RUN_SECONDS, Compilers, RealCompilers, Simulators
from gymcc.envs.ocaml.dataset import SHIPPED, find
from gymcc.envs.ocaml.inliner import CLOSURE, FLAMBDA
from gymcc.envs.ocaml.observations import observations
from gymcc.envs.ocaml.problem import MAX_DEPTH, MAX_NODES, SIZE_WEIGHT, OcamlInline
from gymcc.envs.ocaml.state import InlineState

BACKENDS = ("sim", "closure", "flambda")
RULES = {"closure": CLOSURE, "flambda": FLAMBDA}


class _Asked(NamedTuple):
    """Which programs and what compiles them, as :func:`make_env` has it."""

    backend: str
    rules: str
    dataset: str
    program: str | Sequence[str]
    arguments: Sequence[str]
    stdin: str
    run_seconds: float
    split_seed: int


def make_problem(
    backend: str = "sim",
    mode: str = "site",
    dataset: str = SHIPPED,
    program: str | Sequence[str] = "",
    size_weight: float = SIZE_WEIGHT,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    rules: str = "",
    arguments: Sequence[str] = (),
    stdin: str = "",
    run_seconds: float = RUN_SECONDS,
    split_seed: int = 0,
) -> OcamlInline:
    """The problem alone, for searches; options as in :func:`make_env`."""
    asked = _Asked(backend, rules, dataset, program, arguments, stdin, run_seconds, split_seed)
    return _open(asked, mode, size_weight, max_depth, max_nodes)[0]


def make_env(
    backend: str = "sim",
    mode: str = "site",
    dataset: str = SHIPPED,
    split: str = "all",
    program: str | Sequence[str] = "",
    size_weight: float = SIZE_WEIGHT,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    rules: str = "",
    arguments: Sequence[str] = (),
    stdin: str = "",
    run_seconds: float = RUN_SECONDS,
    split_seed: int = 0,
    **options: Any,
) -> CompilerEnv[InlineState]:
    """The environment behind ``ocaml-inline-v0``.

    ``backend``: ``sim``, the embedded simulator, under the ``rules`` of ``closure`` (default) or ``flambda``;
    ``closure`` or ``flambda``, a real ocamlopt of that middle end. ``mode``: ``site`` decides each call of the source
    once, ``tree`` each copy, up to paths of ``max_depth`` calls and ``max_nodes`` copied calls. Programs are drawn from
    ``split`` (train, validation, test, all) of ``dataset``: a shipped one's name, an .ml file or a folder of them; or
    ``program`` is the only one, an .ml file, several in the order in which they are linked, or a folder of modules.
    Programs are run with ``arguments`` and the text ``stdin`` for at most ``run_seconds`` each time. ``size_weight``:
    exponent of the relative growth of the code in the cost. ``split_seed`` splits otherwise.

    Real back ends take any OCaml and pay at the end of the episode by default (``reward="terminal_log_speedup"``), so
    that a program is compiled once for all decisions. Further options are those of
    :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    asked = _Asked(backend, rules, dataset, program, arguments, stdin, run_seconds, split_seed)
    problem, instances = _open(asked, mode, size_weight, max_depth, max_nodes)
    if backend != "sim":
        options = {"reward": "terminal_log_speedup", **options}
    return CompilerEnv(problem, observations(problem), instances.split(split), **options)


def _open(asked: _Asked, mode: str, size_weight: float, max_depth: int, max_nodes: int) -> tuple[OcamlInline, Dataset]:
    """The problem, and the dataset that was asked for; raises ValueError, BackendError."""
    choose(dict.fromkeys(BACKENDS), asked.backend, "backend")
    if not isinstance(asked.split_seed, int):
        raise ValueError(f"split_seed is a whole number, got {asked.split_seed!r}")
    if not isinstance(asked.run_seconds, int | float) or not 0 < asked.run_seconds <= 3600:
        raise ValueError(f"run_seconds is a number up to 3600, got {asked.run_seconds!r}")
    given = [name for name in ("arguments", "stdin") if getattr(asked, name)]
    if asked.backend == "sim" and given:
        raise ValueError(
            f"{' and '.join(given)}: for a real back end, closure or flambda; programs of the subset read nothing"
        )
    if asked.backend != "sim" and asked.rules:
        raise ValueError(f"rules={asked.rules}: for backend=sim, not {asked.backend}")
    datasets, wanted, library = find(asked.dataset, asked.program, asked.split_seed)
    compilers: Compilers
    if asked.backend == "sim":
        compilers = Simulators(library, choose(RULES, asked.rules or "closure", "rules"))
    else:
        compilers = RealCompilers(library, asked.backend, asked.arguments, asked.stdin, asked.run_seconds)
    return OcamlInline(compilers, datasets, mode, size_weight, max_depth, max_nodes), wanted
