"""Real figures of decisions, kept in the user's cache, so that nothing is compiled twice for the same comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from gymcc.benchmarks.ocaml_fidelity.samples import Vector
from gymcc.envs.core.problem import BackendError
from gymcc.envs.ocaml.backends.compiler import Compiler
from gymcc.envs.ocaml.backends.compiler.cache import Cache
from gymcc.envs.ocaml.backends.compiler.folders import cache_folder
from gymcc.envs.ocaml.problem import OcamlInline

FILE = "fidelity.sqlite"


class Figure(NamedTuple):
    """What was counted."""

    instructions: float
    bytes: int


Measured: TypeAlias = Mapping[Vector, Figure]  # without those that the compiler failed on


def measured(real: OcamlInline, program: str, vectors: Sequence[Vector], workers: int) -> Measured:
    """Compile and count what is not known yet, ``workers`` at a time."""
    compiler = real.backend(program)
    assert isinstance(compiler, Compiler)
    cache = Cache(cache_folder() / FILE)
    executor = ThreadPoolExecutor(workers)  # they wait for processes
    try:
        found = executor.map(lambda vector: _figure(compiler, cache, vector), vectors)
        return {vector: figure for vector, figure in zip(vectors, found, strict=True) if figure is not None}
    finally:
        executor.shutdown(cancel_futures=True)


def _figure(compiler: Compiler, cache: Cache, vector: Vector) -> Figure | None:
    said = f"{compiler.program.key} {sorted(compiler.versions().items())} {[(p, int(a)) for p, a in vector]}"
    key = sha256(said.encode()).hexdigest()
    known = cache.get(key)
    if known is None:
        try:
            figures = compiler.cost(dict(vector))
            known = [figures.cost, figures.text]
        except BackendError:
            known = []  # code that grows without end
        cache.put(key, known)
    return Figure(*known) if known else None
