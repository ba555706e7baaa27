"""Nodes that measure: what machine each is, and whether it still takes as long for the same reference.

Rewards compare costs that one process measured, so unlike nodes can be mixed; a node that got slower or faster since
it measured its baselines cannot. So every runner measures its first instance's start state again each minute.
"""

from __future__ import annotations

import os
import socket
import statistics
import time
from typing import Any

from gymcc.agents.rllib.folder import RunFolder
from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.problem import BackendError

SECONDS = 60.0  # between measurements of the reference
REPEATS = 3  # of which the least counts
DRIFT = 1.1  # factor, either way
FILE = "nodes.json"

Reading = tuple[str, dict[str, str], str, float]  # node, machine, instance, cost


class NodeWatch:
    """Readings of all runners over time, by node, kept in the run folder's ``nodes.json``."""

    def __init__(self, folder: RunFolder, measured: bool) -> None:
        """``measured``: whether costs are; if not, there is nothing to watch."""
        self.folder, self.measured = folder, measured
        self.nodes: dict[str, dict[str, Any]] = folder.read_json(FILE) if measured else {}
        self._last = -SECONDS

    def look(self, group: Any) -> dict[str, int]:
        """Ask the runners if it is time; how many nodes drift, for a row of metrics; nothing if none does."""
        if self.measured and time.monotonic() > self._last + SECONDS:
            self._last = time.monotonic()
            self.add(group.foreach_env_runner(read, local_env_runner=group.num_remote_workers() == 0))
            self.folder.write_json(FILE, self.nodes)
        drifting = sum(node["drifts"] for node in self.nodes.values())
        return {"drifting_nodes": drifting} if drifting else {}

    def add(self, readings: list[Reading | None]) -> None:
        """Compare readings with the first of their node: the median over its runners."""
        by_node: dict[str, list[Reading]] = {}
        for reading in readings:
            if reading is not None:
                by_node.setdefault(reading[0], []).append(reading)
        for name, each in by_node.items():
            cost = statistics.median(reading[3] for reading in each)
            _, machine, instance, _ = each[0]
            known = self.nodes.get(name)
            first = known["first"] if known and known["machine"] == machine else cost
            drift = cost / first
            self.nodes[name] = {
                "machine": machine,
                "instance": instance,
                "first": first,
                "last": cost,
                "drift": drift,
                "drifts": not 1 / DRIFT < drift < DRIFT,
            }


def read(runner: Any) -> Reading | None:
    """A runner's reading; None where the back end fails."""
    env = runner.env.unwrapped.envs[0].unwrapped
    problem, instance = env.problem, env.instances[0]
    state = problem.initial(instance)
    try:
        cost = min(problem.evaluate(state) for _ in range(REPEATS))
    except BackendError:
        return None
    return os.environ.get("SLURMD_NODENAME") or socket.gethostname(), fingerprint(), instance, cost
