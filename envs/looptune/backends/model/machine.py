"""The documented nominal machine whose time the analytic model predicts: one core of a Cascade Lake server.

Figures are from Intel's optimisation manual (ports, buffers, cache geometry) unless a comment says *calibrated*: those
were fitted against the native back end on square shapes 128, 192 and 256 (``benchmarks/fidelity_looptune.py``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cache:
    """One set-associative level, LRU, all sizes in float32 elements."""

    line: int  # elements per line
    sets: int
    ways: int
    miss: float  # cycles per missing line


@dataclass(frozen=True, slots=True)
class Core:
    """Throughputs per cycle, latencies in cycles, buffer sizes in micro-operations."""

    clock_ghz: float = 3.0
    fmas: float = 2.0
    loads: float = 2.0
    stores: float = 1.0
    issue: float = 4.0
    fma_latency: float = 4.0
    forward_latency: float = 11.0  # store, load it again, one FMA: a reduction loop outside the tile
    tile_latency: float = 25.0  # first load to last store of a tile, without its FMAs
    reorder_buffer: float = 224.0
    loop_uops: float = 5.0  # counter, branch, three pointers
    loop_exit: float = 12.0  # mispredicted exit, partly overlapped


CORE = Core()
L1 = Cache(line=16, sets=64, ways=8, miss=2.5)  # 32 KiB
# 1 MiB; physical pages scatter over its sets, so capacity is all a schedule can know of it.
L2 = Cache(line=16, sets=1, ways=16 * 1024, miss=12.0)
TLB = Cache(line=1024, sets=16, ways=4, miss=8.0)  # 64 pages of 4 KiB
LEVELS = (L1, L2, TLB)
OVERLAP = 0.5  # share of memory cycles that computation cannot hide (calibrated)
