"""Making the JIT CSE environment and its problem from plain options."""

from __future__ import annotations

from functools import wraps
from typing import Any

from gymcc.envs.core.at_once import AtOnce
from gymcc.envs.core.choices import choose
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.jitcse.compilers import Compiler, LocalCompiler
from gymcc.envs.jitcse.dataset import STDLIB, find
from gymcc.envs.jitcse.library import Library
from gymcc.envs.jitcse.observations import observations
from gymcc.envs.jitcse.policies import MACHINES
from gymcc.envs.jitcse.problem import JitCse
from gymcc.envs.jitcse.state import CseState

BACKENDS = ("embedded", "llvm")


def make_problem(
    backend: str = "embedded",
    arch: str = "x64",
    dataset: str = STDLIB,
    max_candidates: int = 16,
    size_weight: float = 0.0,
    split_seed: int = 0,
) -> JitCse:
    """The problem alone, for searches; options as in :func:`make_env`."""
    datasets, _, library = find(dataset, split_seed)
    return JitCse(_compiler(backend, arch, library), datasets, max_candidates, size_weight)


def make_env(
    backend: str = "embedded",
    arch: str = "x64",
    dataset: str = STDLIB,
    max_candidates: int = 16,
    size_weight: float = 0.0,
    split: str = "all",
    split_seed: int = 0,
    **options: Any,
) -> CompilerEnv[CseState]:
    """The environment behind ``jitcse-v0``.

    ``backend``: ``embedded``, our own JIT, or ``llvm``, real x86-64 code (needs ``gymcc[llvm]``). ``arch``: ``x64``
    (System V), ``x64-windows`` or ``arm64``, for the embedded JIT. Instances are drawn from ``split`` (train,
    validation, test, all) of ``dataset``, a shipped one's name or the folder of one's own. ``size_weight``:
    PerfScore that a byte of code costs. ``split_seed`` splits the dataset otherwise, to repeat an experiment. Further
    options are those of :class:`gymcc.envs.core.env.CompilerEnv`.
    """
    datasets, instances, library = find(dataset, split_seed)
    problem = JitCse(_compiler(backend, arch, library), datasets, max_candidates, size_weight)
    return CompilerEnv(problem, observations(problem), instances.split(split), **options)


@wraps(make_env)  # for its signature: the options are the same
def make_set_env(**options: Any) -> AtOnce:
    """The environment behind ``jitcse-set-v0``: all candidates are decided on in one step."""
    return AtOnce(make_env(**options))


def _compiler(backend: str, arch: str, library: Library) -> Compiler:
    machine = choose(MACHINES, arch, "arch")
    if backend == "embedded":
        from gymcc.envs.jitcse.backends.embedded import Embedded

        return LocalCompiler(library, Embedded(arch), machine)
    if backend == "llvm":
        from gymcc.envs.jitcse.backends.llvm import Llvm

        if arch != "x64":
            raise ValueError(f"the llvm back end generates code for x64, not {arch}")
        return LocalCompiler(library, Llvm(), machine)
    raise ValueError(f"unknown backend {backend!r}; allowed: {', '.join(BACKENDS)}")
