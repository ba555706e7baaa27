"""Ways from a compiler to a decision, each a server that is started, and measured by the same client."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from gymcc.benchmarks.serving.client import Client, Measured, Task
from gymcc.benchmarks.serving.programs import Program, ServerDied, listens

START_SECONDS = 60.0
RAY_SECONDS = 120.0
SERVE, FOUR, REDIS, REDIS_TOGETHER = (
    "gymcc serve",
    "gymcc serve, 4 clients",
    "redis SET, GET",
    "redis SET+GET, one write",
)
IN_PROCESS, HTTP, RAY = "onnxruntime in process", "FastAPI and uvicorn", "Ray Serve"
CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table to be: its name, who answers, and what is asked."""

    name: str
    server: Program
    task: Task

    def measure(self, client: Client, seconds: float) -> Measured:
        """One run, with the server's processor time by request."""
        before = self.server.cpu_seconds()
        found, sent = client.measure(self.task, seconds)
        used = self.server.cpu_seconds() - before
        return Measured(found.p50_us, found.p95_us, found.requests_per_s, used / sent * 1e6)


def start_serve(command: Sequence[str], model: bytes, folder: Path, stack: ExitStack) -> tuple[list[Route], Path]:
    """`gymcc serve` with the model, and its socket; raises :class:`ServerDied`."""
    path = folder / "gymcc.sock"
    server = stack.enter_context(Program(SERVE, [*command, "--unix", str(path), "--backends", "ONNX"], folder))
    server.wait(listens(path), START_SECONDS)
    store(path, "mlp", model)
    address = f"unix://{path}"
    return [
        Route(SERVE, server, Task(address, "decide")),
        Route(FOUR, server, Task(address, "decide", clients=CLIENTS)),
    ], path


def start_redis(folder: Path, stack: ExitStack) -> list[Route]:
    """A Redis that keeps nothing on disk; raises :class:`ServerDied`."""
    program, path = shutil.which("redis-server"), folder / "redis.sock"
    if program is None:
        raise ServerDied("there is no redis-server (Debian: redis-server)")
    command = [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
    server = stack.enter_context(Program("redis-server", command, folder))
    server.wait(listens(path), START_SECONDS)
    address = f"unix://{path}"
    return [
        Route(REDIS, server, Task(address, "set-get")),
        Route(REDIS_TOGETHER, server, Task(address, "set-get-together")),
    ]


def start_http(model: Path, folder: Path, stack: ExitStack) -> list[Route]:
    """FastAPI behind uvicorn on a Unix socket; raises :class:`ServerDied`."""
    path = folder / "http.sock"
    command = [sys.executable, "-m", "gymcc.benchmarks.serving.http_app", str(model), str(path)]
    server = stack.enter_context(Program(HTTP, command, folder))
    server.wait(listens(path), START_SECONDS)
    return [Route(HTTP, server, Task(f"unix://{path}", "http"))]


def start_ray(model: Path, folder: Path, stack: ExitStack) -> list[Route]:
    """Ray Serve, which listens on TCP alone; raises :class:`ServerDied`."""
    port = _free_port()
    command = [sys.executable, "-m", "gymcc.benchmarks.serving.ray_app", str(model), str(port)]
    server = stack.enter_context(Program(RAY, command, folder))
    server.wait(lambda: server.log().endswith("ready\n"), RAY_SECONDS)
    return [Route(RAY, server, Task(f"127.0.0.1:{port}", "http"))]


def store(path: Path, key: str, model: bytes, batch: int = 0) -> None:
    """AI.MODELSTORE; raises RuntimeError with what the server says."""
    batching = [b"BATCHSIZE", str(batch).encode()] if batch else []
    words = [b"AI.MODELSTORE", key.encode(), b"ONNX", b"CPU", *batching, b"BLOB", model]
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(START_SECONDS)
        peer.connect(str(path))
        peer.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))
        if (reply := peer.recv(1024)) != b"+OK\r\n":
            raise RuntimeError(f"{SERVE} does not take the model: {reply.decode(errors='replace').strip()}")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
