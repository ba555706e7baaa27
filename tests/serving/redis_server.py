"""Redis itself, started for tests: on a Unix socket, or three nodes that are a cluster."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

SLOTS = 16384
STORES = ("own", "redis", "cluster")  # where a server may keep everything


class Node:
    """A redis-server with its files in ``folder``, which can be ended and started again."""

    def __init__(self, folder: Path, *options: str, port: int = 0, bus: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.path = str(folder / "redis.sock")
        self.url = f"redis://127.0.0.1:{port}" if port else f"unix://{self.path}"
        cluster = ["--cluster-enabled", "yes", "--cluster-port", str(bus)] if bus else []
        self._command = ["redis-server", "--port", str(port), "--unixsocket", self.path, "--dir", str(folder)]
        self._command += ["--bind", "127.0.0.1", "--save", "", *cluster, *options]
        self.start()

    def start(self) -> None:
        """Start; answers when this returns."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while b"PONG" not in self("PING") and b"NOAUTH" not in self("PING"):
            assert self.process.poll() is None, "redis-server does not start"
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def __call__(self, *words: str | int) -> bytes:
        """The reply to a command, as it comes; nothing if nobody is there."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(30)
            try:
                peer.connect(self.path)
                peer.sendall(" ".join(map(str, words)).encode() + b"\r\n")
                return peer.recv(1 << 16)
            except OSError:
                return b""

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(30)


@contextmanager
def redis(folder: Path, *options: str, port: int = 0, bus: int = 0) -> Iterator[Node]:
    """A Redis; skips the test where there is none to be started."""
    pytest.importorskip("redis")
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server")
    node = Node(folder, *options, port=port, bus=bus)
    try:
        yield node
    finally:
        node.process.kill()
        node.process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[list[Node]]:
    """Three nodes that share the slots."""
    ports = free_ports(6)
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                redis(folder / str(i), "--cluster-node-timeout", "2000", port=ports[i], bus=ports[i + 3])
            )
            for i in range(3)
        ]
        for i, node in enumerate(nodes):
            node("CLUSTER", "ADDSLOTSRANGE", SLOTS * i // 3, SLOTS * (i + 1) // 3 - 1)
            node("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
        for other, bus in zip(nodes[1:], ports[4:], strict=True):
            nodes[0]("CLUSTER", "MEET", "127.0.0.1", other.port, bus)
        deadline = time.monotonic() + 30
        while any(b"cluster_state:ok" not in node("CLUSTER", "INFO") for node in nodes):
            assert time.monotonic() < deadline, "the cluster does not come about"
            time.sleep(0.05)
        yield nodes


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def stored(kind: str, folder: Path) -> Iterator[str]:
    """The setting ``store`` of a server that keeps everything in itself, a Redis or a cluster."""
    if kind == "own":
        yield ""
    elif kind == "redis":
        with redis(folder / "redis") as node:
            yield node.url
    else:
        with cluster(folder / "cluster") as nodes:
            yield nodes[0].url


@contextmanager
def saving(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """Settings of a server as :func:`stored`, which can save."""
    with stored(kind, folder) as store:
        yield {"store": store} if store else {"snapshot": str(folder / "snapshot")}
