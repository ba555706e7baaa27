"""Decisions asked of `gymcc serve` by a client in C, beside a Redis, onnxruntime in process, FastAPI and Ray Serve.

Paths are measured in turns, round after round, so that what else runs on the machine meets them all alike; medians of
the rounds are told. Ray Serve, whose own processes are never idle, comes after them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gymcc.benchmarks.serving import in_process
from gymcc.benchmarks.serving.bars import bars, ratio
from gymcc.benchmarks.serving.batching import batching
from gymcc.benchmarks.serving.client import Client, Measured, over_rounds
from gymcc.benchmarks.serving.mlp import SMALL, mlp
from gymcc.benchmarks.serving.paths import (
    HTTP,
    IN_PROCESS,
    RAY,
    REDIS,
    SERVE,
    Route,
    start_http,
    start_ray,
    start_redis,
    start_serve,
)
from gymcc.benchmarks.serving.programs import ServerDied
from gymcc.envs.core.toolchain import ToolError

__all__ = ["ServerDied", "bench"]
ROUNDS = 4


@dataclass(slots=True)
class _Bench:
    """A run of the benchmark: what it has found, and what it had to leave out."""

    client: Client
    model: bytes
    seconds: float  # by path
    rounds: dict[str, list[Measured]] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)

    def started(self, part: str, start: Callable[[], list[Route]]) -> list[Route]:
        """Routes, or none where the server does not start, which is told."""
        try:
            return start()
        except ServerDied as error:
            self.leave_out(part, error)
            return []

    def leave_out(self, part: str, error: Exception) -> None:
        """Tell that it was not measured and why."""
        self.left_out.append({"part": part, "why": str(error).splitlines()[-1]})

    def round(self, routes: Sequence[Route]) -> None:
        """Each route for its share of the time."""
        for route in routes:
            try:
                self._note(route.name, route.measure(self.client, self.seconds / ROUNDS))
            except ToolError as error:
                if route.name == SERVE:
                    raise
                self.leave_out(route.name, error)

    def round_here(self) -> None:
        """The same without a server."""
        try:
            self._note(IN_PROCESS, in_process.measure(self.model, SMALL[0], self.seconds / ROUNDS))
        except ImportError as error:
            self.leave_out(IN_PROCESS, error)

    def found(self) -> dict[str, Measured]:
        """By path."""
        return {name: over_rounds(rounds) for name, rounds in self.rounds.items()}

    def _note(self, name: str, measured: Measured) -> None:
        self.rounds.setdefault(name, []).append(measured)


def bench(serve: Sequence[str], header: Path, seconds: float, ray: bool = True) -> dict[str, list[dict[str, Any]]]:
    """Tables ``paths``, ``batching``, ``bars``, ``left_out`` and ``machine``.

    ``serve``: the command that starts `gymcc serve`; ``header``: the folder of gymcc.h; ``seconds``: measured by path,
    and half as long by batch size. Raises :class:`ToolError` where there is no C compiler, :class:`ServerDied` where
    `gymcc serve` does not start.
    """
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="gymcc-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        run = _Bench(Client(header, folder), mlp(SMALL), seconds)
        model = folder / "mlp.onnx"
        model.write_bytes(run.model)
        served, path = start_serve(serve, run.model, folder, stack)
        others = run.started(REDIS, lambda: start_redis(folder, stack))
        others += run.started(HTTP, lambda: start_http(model, folder, stack))
        for _ in range(ROUNDS):
            run.round([*served, *others])
            run.round_here()
        batches = batching(run.client, served[0].server, path, seconds / 2)
        if ray:
            run.round(run.started(RAY, lambda: start_ray(model, folder, stack)) * ROUNDS)
    found, cores = run.found(), len(os.sched_getaffinity(0))
    loads = {"cores": cores, "load_before": load, "load_after": os.getloadavg()[0]}
    return {
        "paths": _rows(found),
        "batching": batches,
        "bars": bars(found, cores),
        "left_out": _once(run.left_out),
        "machine": [loads],
    }


def _rows(found: Mapping[str, Measured]) -> list[dict[str, Any]]:
    return [
        {
            "path": name,
            "p50_us": each.p50_us,
            "p95_us": each.p95_us,
            "requests_per_s": each.requests_per_s,
            "server_cpu_us": each.server_cpu_us,
            "p50_by_redis": ratio(each, found.get(REDIS)),
        }
        for name, each in found.items()
    ]


def _once(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Without those of later rounds."""
    return list({row["part"]: row for row in rows}.values())
