"""Instance ids of LoopTune: ``m64_n96_k128`` is ``C[64,96] += A[64,128] * B[128,96]``."""

from __future__ import annotations

import re

from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.looptune.state import Contraction, matmul

MAX_EXTENT = 4096  # elements; keeps one operand below 64 MiB

_MM = re.compile(r"m([1-9][0-9]{0,3})_n([1-9][0-9]{0,3})_k([1-9][0-9]{0,3})")


def parse(instance: str) -> Contraction:
    """The contraction an id names; raises :class:`UnknownInstance`."""
    match = _MM.fullmatch(instance)
    extents = [int(text) for text in match.groups()] if match else []
    if not extents or max(extents) > MAX_EXTENT:
        raise UnknownInstance(f"unknown instance {instance!r}; allowed: m<M>_n<N>_k<K>, each 1 to {MAX_EXTENT}")
    return matmul(*extents)


def format_id(m: int, n: int, k: int) -> str:
    """The id of a matrix multiplication; :func:`parse` reads it back."""
    return f"m{m}_n{n}_k{k}"


def instance_of(contraction: Contraction) -> str:
    """The id of a contraction."""
    extent = dict(zip(contraction.dims, contraction.extents, strict=True))
    return format_id(extent["m"], extent["n"], extent["k"])
