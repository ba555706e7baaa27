"""The scoring service as a process: it tells NITTA by a file where it listens, and takes the file away when it ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import uvicorn

from gymcc.agents.serving.nitta_ml.app import build_app
from gymcc.agents.serving.nitta_ml.store import Store
from gymcc.envs.nitta.server.scoring import URL_FILE

HOST = "127.0.0.1"
BACKLOG = 128


def run(store: Store, host: str = HOST, port: int = 0, folder: Path = Path()) -> None:
    """Serve until SIGTERM or Ctrl-C; ``folder`` is where NITTA runs and looks for the file. Raises OSError."""
    # Uvicorn ends in order, and then raises the signal again: it must not kill us before the file is gone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _listening(host, port) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        with announced(url, folder / URL_FILE):
            print(f"Serving models for NITTA at {url}: {', '.join(store.names())}", flush=True)
            uvicorn.Server(uvicorn.Config(build_app(store), log_level="warning")).run(sockets=[listener])


@contextmanager
def announced(url: str, path: Path) -> Iterator[None]:
    """The file with the URL is there, complete from the first moment, and gone afterwards unless it is another's."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as partial:
        partial.write(url)
    os.replace(partial.name, path)
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text() == url:
                path.unlink()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        raise OSError(f"cannot listen at {host} port {port}: {error.strerror}") from error
