"""From throughput and latency to PerfScore, as RyuJIT's emit.cpp (insEvaluateExecutionCost) has it."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.backends.embedded.code.operands import Access

_READS = (Access.READ_STACK, Access.READ_CONSTANT, Access.READ_GENERAL)


@dataclass(frozen=True, slots=True)
class Timing:
    """An instruction's throughput and latency in cycles by what it does to memory; latencies on top of memory's own."""

    throughput: float = 0.25
    latency: float = 0.0
    read_throughput: float = 0.5
    read_latency: float = 0.0
    write_throughput: float = 1.0
    write_latency: float = 0.0

    def of(self, access: Access) -> tuple[float, float]:
        """Throughput and latency for an access."""
        if access is Access.NONE:
            return self.throughput, self.latency
        if access in _READS:
            return self.read_throughput, self.read_latency
        return self.write_throughput, self.write_latency


def score_of(throughput: float, latency: float, writes: bool, hidden: float) -> int:
    """Hundredths of a cycle: stores hide ``hidden`` cycles of latency, everything else one."""
    if writes:
        latency = max(0.0, latency - hidden)
    elif latency >= 1.0:
        latency -= 1.0
    return round(100 * max(throughput, latency))


def scores(timing: Timing, memory: dict[Access, float], hidden: float) -> dict[Access, int]:
    """Hundredths of a cycle for each access, given memory's latencies and what a store hides of them."""
    table = {}
    for access in Access:
        throughput, latency = timing.of(access)
        writes = access is not Access.NONE and access not in _READS
        table[access] = score_of(throughput, latency + memory[access], writes, hidden)
    return table
