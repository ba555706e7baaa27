"""One client: bytes to requests, executed in order, and their replies back, with bounds on both sides."""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import Coroutine, Generator, Mapping
from functools import partial
from types import coroutine
from typing import Any, cast

import hiredis

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.context import Server, Session
from gymcc.agents.serving.server.dispatch import command_of, refusal
from gymcc.agents.serving.server.errors import ProtocolError
from gymcc.agents.serving.server.limits import FLUSH, MAX_UNTRUSTED, MAX_WORDS, TURN
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.quick import QUICK, Quick
from gymcc.agents.serving.server.repeated import GET, Decision, Memory

MORE: Any = object()  # a request is not complete
BYTES = {bytes}
# hiredis makes room for as many elements as an array claims to have, be it 4 billion: such heads never reach it.
HUGE = re.compile(rb"\r\n[*~>%|][0-9]{7}")
TAIL = 16  # bytes that a head may have in the previous chunk
WAITING = 1 << 20  # bytes that are read ahead while a request is executed


class Connection(asyncio.Protocol):
    """Requests are executed as they arrive, within :meth:`data_received`, unless one has to wait for something.

    Then the rest of this connection waits with it, in a task of its own, and other connections go on.
    """

    def __init__(self, server: Server, numbers: Any, local: bool) -> None:
        self.server = server
        self._numbers = numbers
        self._local = local
        self._reader = hiredis.Reader(notEnoughData=MORE)
        self._replies: list[bytes] = []
        self._size = 0  # bytes of the replies
        self._store: Any = server.store
        self._quick: Mapping[bytes, Quick] = {}
        self._memory: Memory | None = None
        self._pending = 0  # bytes received since the last complete request
        self._tail = b"\r\n"
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._ended = False  # the client has closed its side
        self._closing = False
        self._silent = 0  # rounds of periodic work without a byte
        self._sent = self._taken = 0  # bytes of replies, and those of them that had left in the last round
        self._stuck = 0  # rounds in which none left, though some wait
        self._received = 0  # bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        trusted = self._local or not self.server.settings.password
        self.session = Session(self.server, next(self._numbers), self, trusted)
        if trusted and isinstance(self._store, LocalStore):
            self._quick = QUICK
            self._memory = Memory() if QUICK else None
        self.server.statistics.connections += 1
        if len(self.server.sessions) >= self.server.settings.max_clients:
            self.server.statistics.rejected += 1
            self._fail("ERR max number of clients reached")
            return
        self.server.sessions[self.session.id] = self.session

    def connection_lost(self, error: Exception | None) -> None:
        self._closing = True
        self.server.sessions.pop(self.session.id, None)
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        self._silent = 0
        self._received += len(data)
        known = self._memory.find(data) if self._memory else None
        if known is not None and self._again(known, data):
            return
        try:
            self._check(data)
            if self._memory and known is None:
                self._memory.learn(data)
            self._reader.feed(data)
        except ProtocolError as error:
            self._fail(f"ERR Protocol error: {error}")
            return
        if self._task is None:
            self._start()
        elif self._pending > WAITING:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._ended = True
        return self._task is not None  # what is under way is answered yet

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def address(self) -> tuple[str, int]:
        name = self.transport.get_extra_info("sockname")
        return (name[0], name[1]) if isinstance(name, tuple) else ("", 0)

    def gone(self) -> bool:
        if self._closing or self.transport.is_closing():
            return True
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLRDHUP | select.POLLHUP)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._closing = True

    def silent(self) -> int:
        if self._task is None:
            self._silent += 1
        return self._silent

    def stuck(self) -> int:
        waiting = self.transport.get_write_buffer_size()
        taken = self._sent - waiting
        self._stuck = self._stuck + 1 if waiting and taken == self._taken else 0
        self._taken = taken
        return max(self._stuck, self._silent if self._pending else 0)

    def abort(self) -> None:
        self._closing = True
        self.transport.abort()

    def _again(self, known: Decision, data: bytes) -> bool:
        """Whether a decision that was asked for before could be answered at once."""
        if self._task is not None or self._drained is not None or self._closing:
            return False
        try:
            reply = known.answer(self.server, self._store, data)
        except Exception:  # whatever is wrong is found again, and said, by the commands proper
            return False
        if reply is None:
            return False
        self.session.last = GET
        self._write(reply, known.commands)
        return True

    def _check(self, data: bytes) -> None:
        """Raise :class:`ProtocolError` at a request that is too large, before it takes memory."""
        self._pending += len(data)
        limit = self.server.settings.max_request if self.session.trusted else MAX_UNTRUSTED
        if self._pending > limit > 0 and self._task is None:
            raise ProtocolError(f"a request has {limit} bytes at most")
        if len(data) < TAIL or data[:1] != b"*" or data[2:3].isdigit():  # a long number may have begun before
            data = self._tail + data
        if HUGE.search(data):
            raise ProtocolError(f"a request has {MAX_WORDS} words at most")
        self._tail = data[-TAIL:]

    def _start(self) -> None:
        """Serve up to the first wait; a task takes over only if there is one."""
        serving = self._serve()
        try:
            waited = serving.send(None)
        except StopIteration:
            return
        self._flush()
        self._task = asyncio.get_running_loop().create_task(_continued(serving, waited))
        self._task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled() or task.exception() is not None:
            self.transport.abort()
            return
        self._start()  # what came after the last look
        if self._ended and self._task is None:
            self.transport.close()
        elif not self._closing:
            self.transport.resume_reading()

    async def _serve(self) -> None:
        """Execute the requests that are complete. Suspends only where the store or a model takes its time."""
        session, store, read = self.session, self.server.store, self._reader.gets
        count = 0
        try:
            while not self._closing and (args := read()) is not MORE:
                self._pending = 0
                count += 1
                if not count % TURN:
                    self._flush()
                    await _turn()
                if self._drained is not None:
                    await self._drained
                if (reply := self._quickly(args)) is not None:
                    self._append(reply)
                    continue
                if type(args) is not list or set(map(type, args)) != BYTES:
                    if args == []:
                        continue
                    raise ProtocolError("a request is an array of bulk strings")
                try:
                    command = command_of(session, args)
                    session.last = args[0]
                    self._append(await command.handler(session, store, args))
                except Exception as error:
                    self._append(refusal(error, args))
        except (hiredis.ProtocolError, ProtocolError, MemoryError) as error:
            self._fail(f"ERR Protocol error: {str(error).removeprefix('Protocol error, ')}")
        self._flush()
        if self._closing:
            self.transport.close()

    def _quickly(self, args: Any) -> bytes | None:
        """The reply to one of the commands of a decision if nothing is in the way."""
        try:
            quick = self._quick.get(args[0])
            if quick is None:
                return None
            reply = quick(self.server, self._store, args)
            self.session.last = args[0]
            return reply
        except Exception:  # whatever is wrong is found again, and said, by the command proper
            return None

    def _append(self, reply: bytes) -> None:
        self._replies.append(reply)
        self._size += len(reply)
        if self._size > FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._replies:
            self._write(b"".join(self._replies), len(self._replies))
        self._replies.clear()
        self._size = 0

    def _write(self, answer: bytes, commands: int) -> None:
        if self.transport.is_closing():
            self._closing = True  # the client has gone; what else it asked for is not done for nobody
            return
        self.transport.write(answer)
        self._sent += len(answer)
        counts = self.server.statistics
        counts.received += self._received
        counts.sent += len(answer)
        counts.commands += commands
        self._received = 0

    def _fail(self, text: str) -> None:
        self._append(replies.error(text))
        self._flush()
        self._closing = True
        self.transport.close()


async def _continued(serving: Coroutine[Any, Any, None], waited: Any) -> None:
    await _resumed(serving, waited)


@coroutine
def _turn() -> Generator[None, None, None]:
    """Let other connections have their turn."""
    yield


@coroutine
def _resumed(serving: Coroutine[Any, Any, None], waited: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that was begun outside a task and now waits for ``waited``."""
    while True:
        try:
            yield waited
        except BaseException as error:  # passed on, as `await` would
            step = partial(serving.throw, error)
        else:
            step = partial(serving.send, None)
        try:
            waited = step()
        except StopIteration:
            return
