"""What numpy, with whatever BLAS it was built with, needs for the same contraction on the same buffers."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

import numpy as np

from gymcc.envs.looptune.backends.native.blas import one_thread
from gymcc.envs.looptune.backends.native.buffers import buffers
from gymcc.envs.looptune.backends.native.cpu import require
from gymcc.envs.looptune.backends.native.timing import TOLERANCE, TURN, core
from gymcc.envs.looptune.state import Contraction


def numpy_seconds(contraction: Contraction, patience: float = 0.05) -> float:
    """Seconds per ``np.matmul(a, b, out=c)``, scaled as in a Reading, the call's overhead included.

    On one thread where the BLAS is OpenBLAS. Raises ValueError for contractions other than "mm".
    """
    if contraction.kind != "mm":
        raise ValueError(f"numpy is timed for kind 'mm' only, not {contraction.kind!r}")
    c, a, b = buffers().arrays(contraction)
    with one_thread():
        return best_seconds(lambda: np.matmul(a, b, out=c), patience)


def best_seconds(call: Callable[[], object], patience: float) -> float:
    """Median seconds of ``call`` between undisturbed turns of the tile loop; without any, the lower quartile of all."""
    here = core(require())
    call()
    once = min(_time(call, 1) for _ in range(3))
    repetitions = max(1, round(TURN / once))
    tile = here.rounds([], 2)[-1, 0]
    samples = []
    deadline = perf_counter_ns() + patience * 1e9
    while perf_counter_ns() < deadline:
        seconds = _time(call, repetitions)
        before, (tile, _) = tile, here.rounds([], 1)[0]
        samples.append((max(before, tile) / here.best_tile, seconds * here.best_tile / (before + tile) * 2))
    good = [seconds for slowdown, seconds in samples if slowdown <= TOLERANCE]
    if good:
        return float(np.median(good)) / repetitions
    return float(np.quantile([seconds for _, seconds in samples], 0.25)) / repetitions


def _time(call: Callable[[], object], repetitions: int) -> float:
    start = perf_counter_ns()
    for _ in range(repetitions):
        call()
    return (perf_counter_ns() - start) * 1e-9
