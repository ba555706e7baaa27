"""What was wanted of the server, and whether this machine shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gymcc.benchmarks.serving.client import Measured
from gymcc.benchmarks.serving.paths import CLIENTS, FOUR, REDIS, SERVE

P50_US = 40.0
CPU_US = 30.0
DECISIONS_PER_S = 25_000.0
REDIS_RATIO = 1.5


def bars(found: Mapping[str, Measured], cores: int) -> list[dict[str, Any]]:
    """Rows of what, the bar, what was measured and whether it is met; None where it was not measured."""
    one = found[SERVE]
    rows = [
        _row("p50 of one client, µs", "<=", P50_US, one.p50_us),
        _row("server CPU by request, µs", "<=", CPU_US, one.server_cpu_us),
        _row(f"p50 by redis's for {REDIS.removeprefix('redis ')}", "<=", REDIS_RATIO, ratio(one, found.get(REDIS))),
    ]
    four = found[FOUR]
    if cores > CLIENTS or four.requests_per_s >= DECISIONS_PER_S:
        rows.append(_row("decisions a second for 4 clients", ">=", DECISIONS_PER_S, four.requests_per_s))
    else:  # the clients take the cores that the server would need
        what = f"decisions a second of server CPU, 4 clients (cores for all: {cores})"
        rows.append(_row(what, ">=", DECISIONS_PER_S, 1e6 / four.server_cpu_us if four.server_cpu_us else None))
    return rows


def ratio(measured: Measured, redis: Measured | None) -> float | None:
    """Of the medians; None without a Redis."""
    return measured.p50_us / redis.p50_us if redis else None


def _row(what: str, relation: str, bar: float, measured: float | None) -> dict[str, Any]:
    met = None if measured is None else measured <= bar if relation == "<=" else measured >= bar
    return {"what": what, "bar": f"{relation} {bar:g}", "measured": measured, "met": met}
