"""The documented nominal machine whose time the analytic model predicts: one core of a Cascade Lake server.

Figures are from Intel's optimisation manual (ports, buffers, cache geometry) unless a comment says *calibrated*: those
were fitted to times of the native back end for some 2,000 nests of shapes (m, n, k) 128³, 192³, 256³, 104³, 150³,
(101, 107, 103) and (90, 70, 200). ``benchmarks/fidelity_looptune.py`` measures how well they carry over to others.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cache:
    """One set-associative level; sizes in float32 elements."""

    line: int  # elements per line
    sets: int
    ways: int
    slack: int  # lines in a set beyond its ways at which nothing survives (replacement is not quite LRU; calibrated)
    miss: float  # cycles per missing line (calibrated)


@dataclass(frozen=True, slots=True)
class Core:
    """Throughputs per cycle, latencies in cycles, buffer sizes in micro-operations."""

    clock_ghz: float = 2.4  # under sustained 512-bit FMAs
    fmas: float = 2.0
    loads: float = 2.0
    issue: float = 4.0
    fma_latency: float = 4.0
    c_traffic: float = 0.75  # cycles to load and store one register of C (calibrated)
    forward_latency: float = 11.0  # store, load it again, one FMA: a reduction loop outside the tile
    tile_latency: float = 20.0  # first load to last store of a tile, without its FMAs (calibrated)
    window: float = 64.0  # micro-operations in flight while a chain waits (calibrated; the scheduler has 97 entries)
    split_load: float = 2.0  # loads that one straddling two cache lines costs more (calibrated)
    split_c: float = 2.0  # cycles more to load and store a register of C that straddles two lines (calibrated)
    split_miss: float = 0.5  # likewise, misses: both lines are waited for (calibrated)
    pointer_uops: float = 3.0  # advancing the operands' pointers
    counter_uops: float = 6.0  # decrement in memory, branch, and what mispredicted exits cost on average (calibrated)


CORE = Core()
LINE = 16  # elements of a cache line
L1 = Cache(line=LINE, sets=64, ways=8, slack=2, miss=1.3)  # 32 KiB
# 1 MiB; physical pages scatter over its sets, so capacity is all a schedule can know of it.
L2 = Cache(line=LINE, sets=1, ways=16 * 1024, slack=8 * 1024, miss=12.0)
TLB = Cache(line=1024, sets=16, ways=4, slack=1, miss=8.0)  # 64 pages of 4 KiB
LEVELS = (L1, L2, TLB)
OVERLAP = 0.4  # share of the smaller of computation and memory that the larger does not hide (calibrated)
