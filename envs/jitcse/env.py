"""Making the JIT CSE environment and its problem from plain options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any, NamedTuple

from gymcc.envs.core.at_once import AtOnce
from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.jitcse.compilers import Compiler, LocalCompiler
from gymcc.envs.jitcse.dataset import STDLIB, find
from gymcc.envs.jitcse.observations import observations
from gymcc.envs.jitcse.policies import MACHINES
from gymcc.envs.jitcse.problem import JitCse
from gymcc.envs.jitcse.state import CseState

BACKENDS = ("embedded", "llvm", "superpmi")
Opened = tuple[Compiler, Mapping[str, Dataset], Dataset]


class Live(NamedTuple):
    """Where a live RyuJIT lies; empty: as variables say, and the usual library."""

    core_root: str
    collection: str
    jit: str


def make_problem(
    backend: str = "embedded",
    arch: str = "x64",
    dataset: str = "",
    max_candidates: int = 16,
    size_weight: float = 0.0,
    split_seed: int = 0,
    core_root: str = "",
    collection: str = "",
    jit: str = "",
) -> JitCse:
    """The problem alone, for searches; options as in :func:`make_env`."""
    compiler, datasets, _ = _open(backend, arch, dataset, split_seed, Live(core_root, collection, jit))
    return JitCse(compiler, datasets, max_candidates, size_weight)


def make_env(
    backend: str = "embedded",
    arch: str = "x64",
    dataset: str = "",
    max_candidates: int = 16,
    size_weight: float = 0.0,
    split: str = "all",
    split_seed: int = 0,
    core_root: str = "",
    collection: str = "",
    jit: str = "",
    **options: Any,
) -> CompilerEnv[CseState]:
    """The environment behind ``jitcse-v0``.

    ``backend``: ``embedded``, our own JIT; ``llvm``, real x86-64 code (needs ``gymcc[llvm]``); ``superpmi``, a live
    RyuJIT of the folder ``core_root`` on the methods of the file ``collection``, else those that the variables
    CORE_ROOT and DOTNET_MLJitCorpusFile name; ``jit`` is another library of that folder, such as one that compiles for
    another machine. ``arch``: ``x64`` (System V), ``x64-windows`` or ``arm64``, for the embedded JIT. Instances are
    drawn from ``split`` (train, validation, test, all) of ``dataset``, a shipped one's name (empty for the default) or
    the folder of one's own; SuperPMI has the collection alone. ``size_weight``: PerfScore that a byte of code costs.
    ``split_seed`` splits the dataset otherwise, to repeat an experiment. Further options are those of
    :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    compiler, datasets, instances = _open(backend, arch, dataset, split_seed, Live(core_root, collection, jit))
    problem = JitCse(compiler, datasets, max_candidates, size_weight)
    return CompilerEnv(problem, observations(problem), instances.split(split), **options)


@wraps(make_env)  # for its signature: the options are the same
def make_set_env(**options: Any) -> AtOnce:
    """The environment behind ``jitcse-set-v0``: all candidates are decided on in one step."""
    return AtOnce(make_env(**options))


def _open(backend: str, arch: str, dataset: str, split_seed: int, live: Live) -> Opened:
    """The compiler, all datasets of its methods, and the one that was asked for; raises ValueError, BackendError."""
    choose(dict.fromkeys(BACKENDS), backend, "backend")
    machine = choose(MACHINES, arch, "arch")
    _check_fit(backend, arch, split_seed, live)
    if backend == "superpmi":
        return _superpmi(dataset, split_seed, live)
    datasets, wanted, library = find(dataset or STDLIB, split_seed)
    if backend == "embedded":
        from gymcc.envs.jitcse.backends.embedded import Embedded

        return LocalCompiler(library, Embedded(arch), machine), datasets, wanted
    from gymcc.envs.jitcse.backends.llvm import Llvm

    return LocalCompiler(library, Llvm(), machine), datasets, wanted


def _check_fit(backend: str, arch: str, split_seed: int, live: Live) -> None:
    """Raise ValueError for an option that would go unheeded."""
    if not isinstance(split_seed, int):
        raise ValueError(f"split_seed is a whole number, got {split_seed!r}")
    if arch != "x64" and backend != "embedded":
        why = {"superpmi": "SuperPMI's JIT decides, see the option jit", "llvm": "LLVM generates code for x64"}
        raise ValueError(f"arch={arch} is for backend=embedded: {why[backend]}")
    given = [name for name, value in live._asdict().items() if value]
    if given and backend != "superpmi":
        raise ValueError(f"{' and '.join(given)}: for backend=superpmi, not {backend}")


def _superpmi(dataset: str, split_seed: int, live: Live) -> Opened:
    from gymcc.envs.jitcse.backends.superpmi import SuperPMI, dataset_of

    compiler = SuperPMI(live.core_root or None, live.collection or None, jit=live.jit)
    found = dataset_of(compiler.corpus, compiler.survey(), split_seed)
    if dataset not in ("", found.name):
        raise ValueError(f"SuperPMI compiles the methods of its collection alone, not {dataset!r}; leave dataset out")
    return compiler, {found.name: found}, found
