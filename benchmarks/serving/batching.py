"""Throughput against batch size: many requests under way, which the server may run together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gymcc.benchmarks.serving.client import Client, Task
from gymcc.benchmarks.serving.mlp import SMALL, WIDE, mlp
from gymcc.benchmarks.serving.paths import Route, store
from gymcc.benchmarks.serving.programs import Program

SIZES = (0, 1, 4, 16, 64)  # BATCHSIZE; 0: no batching
CLIENTS, CONNECTIONS = 4, 16  # so 64 requests are under way


def batching(client: Client, server: Program, path: Path, seconds: float) -> list[dict[str, Any]]:
    """Rows by model and batch size, ``seconds`` each."""
    return [_row(client, server, path, layers, size, seconds) for layers in (SMALL, WIDE) for size in SIZES]


def _row(
    client: Client, server: Program, path: Path, layers: Sequence[int], size: int, seconds: float
) -> dict[str, Any]:
    name = "-".join(map(str, layers))
    store(path, f"{name}/{size}", mlp(layers), size)
    task = Task(f"unix://{path}", "decide", f"{name}/{size}", CLIENTS, CONNECTIONS)
    found = Route("", server, task).measure(client, seconds)
    return {
        "layers": name,
        "batch_size": size,
        "under_way": CLIENTS * CONNECTIONS,
        "requests_per_s": found.requests_per_s,
        "p50_us": found.p50_us,
        "p95_us": found.p95_us,
        "server_cpu_us": found.server_cpu_us,
    }
