"""One socket to the server: requests in one write, their replies by a deadline, a new socket when it breaks."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import hiredis

from gymcc.agents.serving.client.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    NotAllowed,
    OutcomeUnknown,
    ProtocolError,
    refusal,
    shown,
)
from gymcc.agents.serving.protocol.address import Address, Settings
from gymcc.agents.serving.protocol.resp import Part, encode_command

Command = Sequence[Part]
BUFFER = 1 << 16  # bytes read at once
# What may be sent again when the connection breaks before its reply: doing it twice is doing it once.
REPEATABLE = frozenset(
    {"PING", "EXISTS", "DEL", "HMSET", "HSET", "HGETALL", "HEXISTS", "HGET", "LLEN", "LRANGE", "INFO", "CLUSTER"}
    | {"CONFIG", "SAVE", "AI.CONFIG", "AI.TENSORSET", "AI.TENSORGET", "AI.MODELSTORE", "AI.MODELGET", "AI.SCRIPTSET"}
    | {"AI.MODELEXECUTE", "AI.SCRIPTGET", "AI.SCRIPTRUN", "GYMCC.ALIAS", "GYMCC.MODELS"}
)


class _Broken(Exception):
    """The connection broke; ``sent``: the server may have seen the request."""

    def __init__(self, why: object, sent: bool) -> None:
        super().__init__(str(why))
        self.sent = sent


@dataclass(slots=True)
class Link:
    """An open socket and what has been read from it, good for as long as requests and replies are in step."""

    sock: socket.socket
    reader: hiredis.Reader
    buffer: bytearray

    @classmethod
    def open(cls, address: Address, seconds: float) -> Link:
        """Raises OSError."""
        if address.path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(seconds)
            try:
                sock.connect(address.path)
            except BaseException:
                sock.close()
                raise
        else:
            sock = socket.create_connection((address.host, address.port), seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        return cls(sock, hiredis.Reader(), bytearray(BUFFER))

    def stale(self) -> bool:
        """Whether the server has hung up, or said something unasked, since the last exchange."""
        return bool(self._ready(select.POLLIN, 0.0))

    def exchange(self, request: bytes, count: int, until: float) -> list[Any]:
        """The ``count`` replies to ``request``. Raises :class:`_Broken`, TimeoutError and ProtocolError.

        It reads while it writes, so that a long pipeline cannot have both sides wait for each other.
        """
        unsent, replies = memoryview(request), list[Any]()
        try:
            while len(replies) < count:
                unsent = self._send(unsent)
                self._wait(bool(unsent), until)
                replies += self._receive()
        except hiredis.ProtocolError as error:
            raise ProtocolError(f"the server does not speak RESP: {error}") from error
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise _Broken(error, sent=len(unsent) < len(request)) from error
        return replies

    def _send(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[self.sock.send(unsent) :] if unsent else unsent
        except BlockingIOError:
            return unsent

    def _wait(self, to_send: bool, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0 or not self._ready(select.POLLIN | (select.POLLOUT if to_send else 0), left):
            raise TimeoutError

    def _ready(self, events: int, seconds: float) -> list[tuple[int, int]]:
        poll = select.poll()  # not select, which knows no descriptors beyond 1023
        poll.register(self.sock, events)
        return poll.poll(min(seconds * 1e3, 1e9))

    def _receive(self) -> list[Any]:
        try:
            size = self.sock.recv_into(self.buffer)
        except BlockingIOError:
            return []
        if not size:
            raise ConnectionResetError("the server closed the connection")
        self.reader.feed(bytes(memoryview(self.buffer)[:size]))
        replies = []
        while (reply := self.reader.gets()) is not False:
            replies.append(reply)
        return replies


class Connection:
    """Requests to one server. Threads may share it, one request at a time; a forked child opens its own."""

    def __init__(self, address: Address, settings: Settings) -> None:
        self.address, self._settings = address, settings
        self._lock, self._owner, self._token = threading.Lock(), os.getpid(), uuid.uuid4().hex
        self._link: Link | None = None

    def identity(self) -> str:
        """A name that no other client has, nor a forked child."""
        return f"{os.getpid()}-{self._token}"

    def is_open(self) -> bool:
        """Whether there is a socket, of this process."""
        return self._link is not None and self._owner == os.getpid()

    def close(self) -> None:
        """Close the socket; the next request opens another."""
        if self._link is not None:
            self._link.sock.close()
            self._link = None

    def run(self, commands: Sequence[Command], until: float, repeatable: bool | None = None) -> list[Any]:
        """Replies to ``commands``, sent in one write; refusals are among them as ``hiredis.ReplyError``.

        ``until``: the deadline, of ``time.monotonic``. ``repeatable``: whether all may be sent again after a broken
        connection; None where :data:`REPEATABLE` tells.
        """
        if repeatable is None:
            repeatable = all(command[0] in REPEATABLE for command in commands)
        request = b"".join(encode_command(*command) for command in commands)
        what = shown(commands[0]) + (f" and {len(commands) - 1} more" if len(commands) > 1 else "")
        self._leave_to_parent()
        if not self._lock.acquire(timeout=max(min(until - time.monotonic(), threading.TIMEOUT_MAX), 0.0)):
            raise DeadlineExceeded(f"{self.address}: another thread kept the connection busy before {what}")
        try:
            return self._repeat(request, len(commands), until, repeatable, what)
        except BaseException:  # an interrupt too leaves replies behind that belong to nobody
            self.close()
            raise
        finally:
            self._lock.release()

    def _leave_to_parent(self) -> None:
        if self._owner != os.getpid():
            self._owner, self._lock = os.getpid(), threading.Lock()
            self.close()

    def _repeat(self, request: bytes, count: int, until: float, repeatable: bool, what: str) -> list[Any]:
        while True:
            link = self._connected(until, what)
            try:
                return link.exchange(request, count, until)
            except TimeoutError:
                raise DeadlineExceeded(f"{self.address}: no answer in time to {what}") from None
            except _Broken as error:
                if error.sent and not repeatable:
                    raise OutcomeUnknown(f"{self.address}: {what}: {error}; it may have been carried out") from None
                self.close()
                self._pause(until, what, error)

    def _connected(self, until: float, what: str) -> Link:
        if self._link is not None and self._link.stale():
            self.close()
        if self._link is None:
            self._link = self._open(min(until, time.monotonic() + self._settings.connect_timeout), what)
        return self._link

    def _pause(self, until: float, what: str, why: Exception) -> None:
        """Before the next attempt; raises :class:`ConnectionFailed` if there is no time for one."""
        if time.monotonic() + self._settings.connect_interval >= until:
            raise ConnectionFailed(f"{self.address}: no connection for {what}: {why or 'time is up'}") from None
        time.sleep(self._settings.connect_interval)

    def _open(self, until: float, what: str) -> Link:
        while True:
            try:
                link = Link.open(self.address, max(until - time.monotonic(), 1e-3))
                self._greet(link, until)
                return link
            except (OSError, _Broken) as error:
                self._pause(until, what, error)

    def _greet(self, link: Link, until: float) -> None:
        if not self._settings.password:
            return
        try:
            reply = link.exchange(encode_command("AUTH", self._settings.password), 1, until)[0]
            if isinstance(reply, hiredis.ReplyError):
                raise NotAllowed("AUTH", str(reply))
        except BaseException:
            link.sock.close()
            raise


def checked(command: Command, reply: Any) -> Any:
    """``reply`` unless it is, or holds, a refusal; that is raised as :class:`.errors.ReplyError`."""
    if isinstance(reply, hiredis.ReplyError):
        raise refusal(command, str(reply))
    if isinstance(reply, list):
        for item in reply:
            checked(command, item)
    return reply
