"""A proxy that notes what passes between clients and a server, and delays what it is told to."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import hiredis

Exchange = tuple[list[bytes], bytes]  # a request and its reply, the reply as it came
Delay = Callable[[list[bytes]], float]  # seconds that the reply to a request is held back


def end_of_reply(data: bytes, start: int = 0) -> int | None:
    """Where the reply that begins at ``start`` ends; None if it is not all there."""
    line = data.find(b"\r\n", start)
    if line < 0:
        return None
    after, kind = line + 2, data[start : start + 1]
    if kind in b"+-:":
        return after
    size = int(data[start + 1 : line])
    if kind == b"$":
        end = after + size + 2 if size >= 0 else after
        return end if end <= len(data) else None
    for _ in range(size):
        found = end_of_reply(data, after)
        if found is None:
            return None
        after = found
    return after


class Recorder:
    """Listens on a port of loopback in front of the server at ``port``."""

    def __init__(self, port: int, delay: Delay = lambda request: 0.0) -> None:
        self.exchanges: list[Exchange] = []
        self._behind, self._delay = port, delay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._behind)) as server:
            reader, pending = hiredis.Reader(), b""
            while data := client.recv(1 << 16):
                reader.feed(data)
                while (request := reader.gets()) is not False:
                    server.sendall(encoded(request))
                    reply, pending = one_reply(server, pending)
                    if request[0] == b"CLUSTER":  # where clients are to go on
                        reply = reply.replace(b":%d\r\n" % self._behind, b":%d\r\n" % self.port)
                    self.exchanges.append((request, reply))
                    if hung_up(client, self._delay(request)):
                        return  # and so hang up on the server, as this client did
                    client.sendall(reply)


def hung_up(peer: socket.socket, seconds: float) -> bool:
    """Whether the peer goes away within so many seconds, which are waited for unless it does."""
    poll = select.poll()
    poll.register(peer, select.POLLRDHUP | select.POLLHUP)
    return bool(poll.poll(1000 * seconds))


def encoded(request: list[bytes]) -> bytes:
    """The request as it is sent."""
    parts = [b"$%d\r\n%s\r\n" % (len(part), part) for part in request]
    return b"*%d\r\n" % len(parts) + b"".join(parts)


def one_reply(server: socket.socket, pending: bytes) -> tuple[bytes, bytes]:
    """The next reply, and what has come after it, given what had come already."""
    while (end := end_of_reply(pending)) is None:
        data = server.recv(1 << 16)
        if not data:
            raise ConnectionError("the server hung up")
        pending += data
    return pending[:end], pending[end:]


@contextmanager
def recording(address: str, delay: Delay = lambda request: 0.0) -> Iterator[Recorder]:
    """A recorder in front of the server at ``host:port``."""
    recorder = Recorder(int(address.rpartition(":")[2]), delay)
    try:
        yield recorder
    finally:
        recorder.close()
