"""The Ray cluster of a job, as its training process sees it: waited for at first, watched later on."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Sequence


class NodesMissing(OSError):
    """A cluster that did not come up in time; the message says who is missing."""


class Cluster:
    """Ray nodes by the names that SLURM gave them; no names: whoever is there at first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._gone: set[str] = set()

    def __str__(self) -> str:
        here = self.alive()
        return f"{len(here)} node{'s' * (len(here) != 1)} ({', '.join(here)}), {self.cpus()} cores for runners"

    def join(self, address: str, patience: float) -> None:
        """Connect this process; raises :class:`NodesMissing` unless all named nodes are there within the seconds."""
        deadline = time.monotonic() + patience
        _wait_for_port(address, deadline, patience)
        _connect(address, deadline, patience)
        while missing := [name for name in self.names if name not in self.alive()]:
            if time.monotonic() > deadline:
                there = len(self.names) - len(missing)
                raise NodesMissing(
                    f"{there} of {len(self.names)} nodes joined Ray at {address} within {patience:.0f} s; missing: "
                    f"{', '.join(missing)}; launch/ray-{missing[0]}.log may say why"
                )
            time.sleep(0.5)
        self.names = self.names or self.alive()

    def alive(self) -> list[str]:
        """Names of the nodes at work."""
        import ray

        nodes = ray.nodes() if ray.is_initialized() else []  # type: ignore[no-untyped-call]
        return sorted(node["NodeName"] for node in nodes if node["Alive"])

    def cpus(self) -> int:
        """Cores that Ray may give to runners."""
        import ray

        return int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]

    def lost(self) -> list[str]:
        """Named nodes that have gone since the last call."""
        here = set(self.alive())
        gone = [name for name in self.names if name not in here and name not in self._gone]
        self._gone = {name for name in self.names if name not in here}
        return gone


def _wait_for_port(address: str, deadline: float, patience: float) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"Ray address {address!r}: expected host:port")
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise NodesMissing(f"no Ray at {address} within {patience:.0f} s: {error}") from error
            time.sleep(0.5)


def _connect(address: str, deadline: float, patience: float) -> None:
    import ray

    from gymcc.agents.rllib.session import sigterm_kept

    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    while True:
        try:
            with sigterm_kept():
                ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
            return
        except (ConnectionError, RuntimeError) as error:
            if time.monotonic() > deadline:
                raise NodesMissing(f"cannot join Ray at {address} within {patience:.0f} s: {error}") from error
            time.sleep(1)
