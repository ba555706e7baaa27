"""A server that answers by a script, and misbehaves by it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import hiredis


class Last(bytes):
    """A reply after which the server hangs up."""


Reply = bytes | None  # None: hang up at once
Script = Callable[[int, list[bytes]], Reply]  # number of the connection from 0, request


class Scripted:
    """Listens on a Unix socket, or a port; ``seen`` are the requests by connection."""

    def __init__(self, path: Path | None, script: Script) -> None:
        self.seen = list[list[list[bytes]]]()
        self._script = script
        self._listener = socket.socket(socket.AF_UNIX) if path else socket.create_server(("127.0.0.1", 0))
        if path:
            self._listener.bind(str(path))
            self._listener.listen()
        self.address = f"unix://{path}" if path else f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def requests(self) -> list[list[bytes]]:
        """All but the greeting PING of each connection."""
        return [request for requests in self.seen for request in requests if request != [b"PING"]]

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.seen.append([])
            threading.Thread(target=self._serve, args=(peer, len(self.seen) - 1), daemon=True).start()

    def _serve(self, peer: socket.socket, number: int) -> None:
        reader = hiredis.Reader()
        with peer, suppress(OSError):  # the client may have hung up
            while data := peer.recv(1 << 16):
                reader.feed(data)
                while (request := reader.gets()) is not False:
                    self.seen[number].append(request)
                    reply = b"+PONG\r\n" if request == [b"PING"] else self._script(number, request)
                    if reply is None:
                        return
                    peer.sendall(reply)
                    if isinstance(reply, Last):
                        return


@contextmanager
def scripted(folder: Path | None, script: Script) -> Iterator[Scripted]:
    """A scripted server for as long as it is needed, on a socket in ``folder`` or, without one, on a port."""
    server = Scripted(folder and folder / "scripted.sock", script)
    try:
        yield server
    finally:
        server.close()


def slow(reply: bytes, seconds: float) -> bytes:
    """``reply``, after a while."""
    time.sleep(seconds)
    return reply
