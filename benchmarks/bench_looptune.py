"""LoopTune's code generator beside the FMA peak of one core and numpy's OpenBLAS, and what compiling and timing cost.

Everything of one size is timed in turn, several times over, in one process per OpenBLAS kernel: OpenBLAS chooses its
kernel once, when it is loaded, and not always the best one for the CPU. All figures are scaled to the best clock seen.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from gymcc.envs.looptune.backends.native import (
    CompileError,
    Kernel,
    compile_nest,
    measure,
    numpy_seconds,
    peak_gflops,
    require,
)
from gymcc.envs.looptune.backends.native.blas import kernel_name, sgemm
from gymcc.envs.looptune.backends.native.timing import Reading, measure_function
from gymcc.envs.looptune.dataset import parse_range
from gymcc.envs.looptune.state import Contraction, Loop, Nest, default_nest, matmul
from gymcc.envs.looptune.tiles import expert_nests, register_tile

Row = dict[str, Any]
BEST_KERNEL = {"avx512": "SkylakeX", "avx2": "Haswell"}
ROUNDS = 7
FINALISTS = 6
PATIENCE = 0.2  # seconds to wait for an undisturbed moment


def bench(sizes: str = "64:256:16") -> dict[str, list[Row]]:
    """Tables of speed by square size, and of costs and noise. Raises UnsupportedCPU where nothing can run."""
    forced = BEST_KERNEL[require().name]
    speed = _child("speed", sizes, {"OPENBLAS_CORETYPE": forced})
    for row, installed in zip(speed, _child("blas", sizes, {}), strict=True):
        row |= {f"installed_{key}": value for key, value in installed.items()}
    return {"Speed of C += A * B in GFLOP/s, one thread": speed, "Costs and noise": _child("costs", sizes, {})}


def _child(what: str, sizes: str, extra: dict[str, str]) -> list[Row]:
    """Rows of one of the functions below, from a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **extra}
    command = [sys.executable, "-m", __name__, what, sizes]
    child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    rows: list[Row] = json.loads(child.stdout)
    return rows


def speed(sizes: list[int]) -> list[Row]:
    """Per size: peak, our nests and the loaded OpenBLAS."""
    return [_speed(matmul(size, size, size)) for size in sizes]


def _speed(contraction: Contraction) -> Row:
    target = require()
    finalists = [(nest, compile_nest(nest)) for nest in _finalists(contraction)]
    expert, default = (compile_nest(make) for make in (register_tile(contraction, target), default_nest(contraction)))
    gemm = sgemm(contraction)
    contestants: dict[str, Callable[[], Reading]] = {
        "default": lambda: measure(default, PATIENCE),
        "expert": lambda: measure(expert, PATIENCE),
    }
    for i, (_, kernel) in enumerate(finalists):
        contestants[str(i)] = lambda kernel=kernel: measure(kernel, PATIENCE)  # type: ignore[misc]
    if gemm is not None:
        contestants["blas"] = lambda: measure_function(gemm.address, contraction, target, PATIENCE)
    gflops = _interleaved(contraction, contestants)
    best = max(range(len(finalists)), key=lambda i: gflops[str(i)])
    peak, blas = peak_gflops(), gflops.get("blas", np.nan)
    return {
        "size": contraction.extents[0],
        "peak": peak,
        "best": gflops[str(best)],
        "share_of_peak": gflops[str(best)] / peak,
        "best_nest": _text(finalists[best][0]),
        "expert": gflops["expert"],
        "default": gflops["default"],
        "blas_kernel": kernel_name(),
        "blas": blas,
        "best_over_blas": gflops[str(best)] / blas,
        "numpy": contraction.flops / numpy_seconds(contraction, PATIENCE) / 1e9,
    }


def _interleaved(contraction: Contraction, contestants: dict[str, Callable[[], Reading]]) -> dict[str, float]:
    """GFLOP/s of each: median of the undisturbed readings of several rounds."""
    readings: dict[str, list[Reading]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, read in contestants.items():
            readings[name].append(read())
    return {
        name: contraction.flops / median([r.seconds for r in own if r.quiet] or [r.seconds for r in own]) / 1e9
        for name, own in readings.items()
    }


def _finalists(contraction: Contraction) -> list[Nest]:
    """The fastest of a small tile search: all candidates once, the better ones again."""
    kernels = [compile_nest(nest) for nest in expert_nests(contraction, require())]
    for kernel in kernels:
        kernel.check()
    for keep, readings in ((4 * FINALISTS, 1), (FINALISTS, 3)):
        seconds = {k: median(measure(k, PATIENCE / 20).seconds for _ in range(readings)) for k in kernels}
        kernels = sorted(kernels, key=lambda k: seconds[k])[:keep]
    return [kernel.nest for kernel in kernels]


def blas(sizes: list[int]) -> list[Row]:
    """Per size: the loaded OpenBLAS alone."""
    rows = []
    for size in sizes:
        contraction, gflops = matmul(size, size, size), np.nan
        gemm = sgemm(contraction)
        if gemm is not None:
            read = {"blas": lambda: measure_function(gemm.address, contraction, require(), PATIENCE)}  # noqa: B023
            gflops = _interleaved(contraction, read)["blas"]
        rows.append({"blas_kernel": kernel_name(), "blas": gflops})
    return rows


def costs(sizes: list[int]) -> list[Row]:
    """CPU time of compiling, time of a compile-and-measure step, spread of repeated readings of one good nest."""
    rng = random.Random(0)
    peak_gflops()
    nests = [_random_nest(rng, matmul(*(rng.choice(sizes) for _ in range(3)))) for _ in range(400)]
    compiled = _milliseconds([lambda nest=nest: compile_nest(nest) for nest in nests], thread_time)  # type: ignore[misc]
    rows = [_row("compile a random nest, CPU", "ms", compiled, 0.5)]
    small = [nest for nest in nests if max(nest.contraction.extents) <= 128]
    steps = _milliseconds([lambda nest=nest: measure(compile_nest(nest)) for nest in small], perf_counter)  # type: ignore[misc]
    rows.append(_row("compile and measure, sizes up to 128, wall", "ms", steps, 2.0))
    for size in sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]}):
        kernel = compile_nest(register_tile(matmul(size, size, size), require()))
        rows.append(_row(f"repeated readings, size {size}, of their median", "%", _spread(kernel), None))
    return rows


def _milliseconds(calls: list[Callable[[], object]], clock: Callable[[], float]) -> list[float]:
    times = []
    for call in calls:
        start = clock()
        try:
            call()
        except CompileError:
            continue
        times.append((clock() - start) * 1e3)
    return times


def _spread(kernel: Kernel) -> list[float]:
    """Undisturbed readings, in per cent of their median."""
    readings = [measure(kernel, PATIENCE) for _ in range(60)]
    seconds = [r.seconds for r in readings if r.quiet] or [r.seconds for r in readings]
    return [100 * s / median(seconds) for s in seconds]


def _row(what: str, unit: str, values: list[float], target_median: float | None) -> Row:
    low, middle, high = np.percentile(values, (5, 50, 95)).tolist()
    return {"what": what, "unit": unit, "p5": low, "median": middle, "p95": high, "target_median": target_median}


def _random_nest(rng: random.Random, contraction: Contraction) -> Nest:
    """Up to two splits by 4, 8 or 16 per dimension, loops in any order."""
    order = [dim for dim in range(3) for _ in range(rng.randint(1, 3))]
    rng.shuffle(order)
    steps = [1, 1, 1]
    loops: list[Loop] = []
    for dim in reversed(order):
        if steps[dim] <= contraction.extents[dim]:
            loops.insert(0, Loop(dim, steps[dim]))
        steps[dim] *= rng.choice((4, 8, 16))
    return Nest(contraction, tuple(loops))


def _text(nest: Nest) -> str:
    names = nest.contraction.dims
    return " ".join(f"{names[loop.dim]}{loop.step}{'u' if loop.unroll else ''}" for loop in nest.loops)


if __name__ == "__main__":
    tables = {"speed": speed, "blas": blas, "costs": costs}
    print(json.dumps(tables[sys.argv[1]](list(parse_range(sys.argv[2])))))
