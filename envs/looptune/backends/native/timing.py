"""How fast a kernel is, on a core whose clock drifts and whose other hardware thread may be someone else's.

A reading runs rounds of turns: the kernel, then the tile loop and the FMA loop of :mod:`reference`. The best times
ever seen of these loops in this process say what an undisturbed core does. The FMA loop gives the clock of the moment;
where the tile loop is slower than the clock explains, something else uses the core. Kernel turns between two
undisturbed turns of the tile loop count; their lower quartile, scaled by the tile loop, is the reading: the time at the
best clock seen.

Before each turn of a short kernel the L1 cache is emptied and the kernel called once. Without that, nests that overflow
the cache fall into one of several stable patterns of hits (up to 10 % apart) and stay there until an interrupt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.looptune.backends.native.arena import ARENA
from gymcc.envs.looptune.backends.native.buffers import buffers
from gymcc.envs.looptune.backends.native.cpu import require
from gymcc.envs.looptune.backends.native.kernel import Kernel, pointer
from gymcc.envs.looptune.backends.native.reference import evicting_loop, fma_loop, tile_loop
from gymcc.envs.looptune.backends.native.sampler import Sampler, Turn
from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.state import Contraction

PATIENCE = 1e-3  # seconds to wait for undisturbed turns …
CALLS = 8  # … or so many calls, if they take longer
TURN = 12e-6  # seconds of kernel per turn, unless a single call takes longer
LONG = 1e-4  # seconds per call from which on a call is long enough to set its own cache state
SLOW = 1e-3  # seconds per call from which on a few calls must do …
VERY_SLOW = 2e-2  # … and from which on two
FEWEST = 5  # turns, undisturbed or not: of fewer all may have been interrupted
ENOUGH = 7  # undisturbed turns that end a reading …
ENOUGH_SECONDS = 4e-4  # … or this much time in at least three
TOLERANCE = 1.02  # tile loop against what the clock explains
DISTURBED = 2.0  # a reference loop slower than this by more was interrupted: sharing a core at most halves its speed
CALIBRATION = 0.03  # seconds
EVICT = 1 << 16  # bytes; more than any L1 data cache of x86


@dataclass(frozen=True, slots=True)
class Reading:
    """Result of a measurement."""

    seconds: float  # per call, as if the core ran at the best speed known of it
    raw_seconds: float  # per call, on the wall clock
    quiet: bool  # whether undisturbed turns were found; if not, ``seconds`` is a rough estimate
    turns: int  # kernel turns that the figures rest on


class Core:
    """The measuring core: its sampler, its reference loops and the best times seen of them."""

    def __init__(self, target: Target) -> None:
        self.sampler = Sampler()
        fma_code, self.fma_flops = fma_loop(target)
        tile_code, _ = tile_loop(target)
        code = fma_code, tile_code, evicting_loop(target, EVICT)
        self._blocks = [ARENA.place(part) for part in code]
        self._memory = np.full(EVICT // 4 + 4096, 0.5, np.float32)
        start = pointer(self._memory) + 63 & -64
        at = start, start + 4096, start + 8192
        self.fma, self.tile, self.evict = (Turn(block.address, *at, 1) for block in self._blocks)
        self.best_tile = self.best_fma = np.inf
        self.tick = self._calibrate()  # seconds

    def _calibrate(self) -> float:
        """Length of a tick; fills the best times on the way."""
        self.sampler([self.tile, self.fma], 8)
        ticks, nanoseconds = self.sampler.now(), perf_counter_ns()
        while perf_counter_ns() - nanoseconds < CALIBRATION * 1e9:
            self.rounds([], 16)
        seconds = (perf_counter_ns() - nanoseconds) * 1e-9
        return seconds / (self.sampler.now() - ticks)

    def rounds(self, turns: list[Turn], count: int) -> NDArray[np.int64]:
        """Ticks of (``turns``, tile loop, FMA loop), ``(count, turns + 2)``; remembers the best."""
        ticks = self.sampler([*turns, self.tile, self.fma], count)
        tile, fma = ticks[:, -2:].min(axis=0).tolist()
        self.best_tile, self.best_fma = min(self.best_tile, tile), min(self.best_fma, fma)
        return ticks


@cache
def core(target: Target) -> Core:
    """The measuring core of this process for ``target``."""
    return Core(target)


def peak_gflops(target: Target | None = None) -> float:
    """Best rate of independent FMAs seen on this core, in GFLOP/s, single-threaded."""
    here = core(target or require())
    return here.fma_flops / (here.best_fma * here.tick) / 1e9


def measure(kernel: Kernel, patience: float = PATIENCE) -> Reading:
    """Time ``kernel`` on buffers of this module for about ``patience`` seconds at most, less on a quiet core."""
    return measure_function(kernel.address, kernel.nest.contraction, kernel.target, patience)


def measure_function(address: int, contraction: Contraction, target: Target, patience: float = PATIENCE) -> Reading:
    """As :func:`measure`, for any ``void f(float *c, const float *a, const float *b)``."""
    here = core(target)
    c, a, b = buffers().flat(contraction)
    call = Turn(address, pointer(c), pointer(a), pointer(b), 1)
    once = _estimate(here, call)
    if once > SLOW:
        return _slow(here, call, once, patience)
    turns = [here.evict, call] if once < LONG else []
    turns.append(call._replace(repetitions=max(1, round(TURN / once))))
    count = max(2, min(ENOUGH + 1, round(3e-4 / once)))
    samples = np.empty((0, 3))
    deadline = here.sampler.now() + max(patience, CALLS * once) / here.tick
    while True:
        samples = np.concatenate((samples, _between(here, here.rounds(turns, count)[:, -3:])))
        good = samples[samples[:, 1] <= TOLERANCE]
        if len(good) >= ENOUGH or (len(good) >= 3 and good[:, 0].sum() * here.tick >= ENOUGH_SECONDS):
            return _reading(here, good, turns[-1].repetitions, quiet=True)
        if here.sampler.now() >= deadline and len(samples) >= FEWEST:
            return _reading(here, samples, turns[-1].repetitions, quiet=False)


def _estimate(here: Core, call: Turn) -> float:
    """Seconds of one call, the better of two: the first meets cold code and data, either may be interrupted."""
    return float(here.sampler([call], 2).min()) * here.tick


def _slow(here: Core, call: Turn, once: float, patience: float) -> Reading:
    """The best of the estimate's two calls and a few more, since an interruption looks like a slow kernel."""
    more = min(CALLS, max(int(patience / once), 2 if once < VERY_SLOW else 0))
    ticks = here.rounds([call] * more, 1)[0].tolist()
    seconds = min([once, *(turn * here.tick for turn in ticks[:-2])])
    clock = max(here.best_fma / ticks[-1], 1 / DISTURBED)  # beyond that the FMA loop was interrupted, not slow
    return Reading(seconds * clock, seconds, quiet=False, turns=2 + more)


def _between(here: Core, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    """From rounds of (kernel, tile loop, FMA loop): for each kernel turn but the first, ``(rounds - 1, 3)``.

    Columns: its ticks; the slower tile loop around it relative to what the clock explains; the faster one in ticks,
    since an interruption of one says nothing of the kernel between them.
    """
    around = np.stack((ticks[:-1, 1], ticks[1:, 1]))
    expected = here.best_tile * float(ticks[:, 2].min()) / here.best_fma
    return np.stack((ticks[1:, 0], around.max(axis=0) / expected, around.min(axis=0)), axis=1)


def _reading(here: Core, samples: NDArray[np.float64], repetitions: int, quiet: bool) -> Reading:
    """Lower quartile of the samples; without undisturbed ones, of the half in which the tile loop was fastest.

    A tile loop that was interrupted says nothing of the core's speed, so that its slowness counts only up to a point.
    """
    if not quiet:
        samples = samples[np.argsort(samples[:, 1])[: (len(samples) + 1) // 2]]
    raw = _lower_quartile(samples[:, 0]) * here.tick / repetitions
    slowness = np.minimum(samples[:, 2] / here.best_tile, DISTURBED)
    scaled = _lower_quartile(samples[:, 0] / slowness) * here.tick / repetitions
    return Reading(scaled, raw, quiet, len(samples))


def _lower_quartile(values: NDArray[np.float64]) -> float:
    return float(np.sort(values)[(len(values) - 1) // 4])
