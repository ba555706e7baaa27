"""Starting and stopping a server: its listeners, signals and periodic work."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import uvloop

from gymcc.agents.serving.protocol.address import Address
from gymcc.agents.serving.server import runners
from gymcc.agents.serving.server.connection import Connection
from gymcc.agents.serving.server.context import Server
from gymcc.agents.serving.server.journal import JournaledStore
from gymcc.agents.serving.server.limits import Settings
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.models import Host
from gymcc.agents.serving.server.persistence import Saver, warm_up
from gymcc.agents.serving.server.store import Store

log = logging.getLogger(__name__)
BACKLOG = 1024
TICK = 1.0  # seconds between two rounds of periodic work
PATIENCE = 2.0  # seconds for models under way at the end
SILENT = 60  # seconds without a packet after which a TCP peer is asked whether it is still there
UNTAKEN = 105  # seconds that what was sent to a TCP peer may go unacknowledged; so long a silent one is asked for


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen: ``host`` and ``port`` (0: any free one), a unix socket, or both."""

    host: str = "127.0.0.1"
    port: int | None = None
    path: str = ""

    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.port is None or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def build(settings: Settings) -> Server:
    """A server with its keyspace in this process, which outlives it if there is a snapshot, or in a Redis.

    Raises ValueError if the Redis's address is none, ImportError if the package that talks to it is missing.
    """
    kind = JournaledStore if settings.snapshot else LocalStore
    own = kind(settings.memory, settings.evict, settings.tensor_ttl)
    return Server(settings, _shared(settings, own) if settings.store else own, Host(settings))


def _shared(settings: Settings, own: LocalStore) -> Store:
    from gymcc.agents.serving.server.divided import DividedStore  # needs the package redis
    from gymcc.agents.serving.server.remote import RedisStore

    return DividedStore(own, RedisStore(settings.store, settings.tensor_ttl))


@contextlib.asynccontextmanager
async def listening(server: Server, listen: Listen) -> AsyncIterator[list[str]]:
    """Listen while the context lasts; gives the addresses, as clients write them."""
    loop, numbers, addresses = asyncio.get_running_loop(), count(1), []
    with contextlib.ExitStack() as opened:
        if listen.path:
            unix = await loop.create_unix_server(_factory(server, numbers, True), sock=_unix(listen.path))
            opened.callback(Path(listen.path).unlink, missing_ok=True)
            opened.callback(unix.close)
            addresses.append(str(Address(path=listen.path)))
        if listen.port is not None:
            made = _tcp(listen.host, listen.port)
            opened.callback((await loop.create_server(_factory(server, numbers, False), sock=made)).close)
            addresses.append(str(Address(listen.host, made.getsockname()[1])))
        opened.callback(_hang_up, server)
        yield addresses


def _hang_up(server: Server) -> None:
    for session in list(server.sessions.values()):
        session.peer.abort()


def _factory(server: Server, numbers: count[int], local: bool) -> Callable[[], Connection]:
    return lambda: Connection(server, numbers, local)


def _tcp(host: str, port: int) -> socket.socket:
    """A listening socket; a peer that fell silent is asked for, so that half-open connections end."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, OverflowError) as error:
        raise ValueError(f"cannot listen on {host}:{port}: {error}") from error
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for option, value in ((socket.TCP_KEEPIDLE, SILENT), (socket.TCP_KEEPINTVL, SILENT // 4), (socket.TCP_KEEPCNT, 3)):
        made.setsockopt(socket.IPPROTO_TCP, option, value)  # connections inherit these
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN * 1000)
    try:
        made.bind(address)
    except OSError as error:
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    made.listen(BACKLOG)
    return made


def _unix(path: str) -> socket.socket:
    """A socket that only this user may connect to; one left behind by a dead server is replaced."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise OSError(f"{path} exists and is no socket")
        probe = socket.socket(socket.AF_UNIX)
        with contextlib.closing(probe):
            try:
                probe.connect(path)
            except ConnectionRefusedError:
                os.unlink(path)
            else:
                raise OSError(f"another server listens on {path}")
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        made.bind(path)
    finally:
        os.umask(before)
    made.listen(BACKLOG)
    return made


def run(server: Server, listen: Listen, ready: Callable[[list[str]], None]) -> None:
    """Serve until SIGINT or SIGTERM."""
    uvloop.run(serve(server, listen, ready))
    deadline = time.monotonic() + PATIENCE
    for thread in server.host.threads():
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            log.warning("a model is still running and is not waited for")
            os._exit(0)  # Python itself would wait for ever


async def serve(server: Server, listen: Listen, ready: Callable[[list[str]], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is told the addresses once clients may come."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runners.preload(server.settings)
    async with working(server, listen) as addresses:
        ready(addresses)
        await stop.wait()


@contextlib.asynccontextmanager
async def working(server: Server, listen: Listen) -> AsyncIterator[list[str]]:
    """Listen, with the snapshot read at the beginning and written at the end; gives the addresses.

    Raises :class:`.snapshot.SnapshotError` if it cannot be read, OSError if it cannot be written or the Redis that
    keeps everything is not there, ValueError if that Redis will not do.
    """
    saver = None
    if isinstance(server.store, JournaledStore):
        saver = Saver(server, server.store, Path(server.settings.snapshot))
        await saver.begin()
    async with _attached(server), listening(server, listen) as addresses, _periodically(server, saver):
        await warm_up(server)
        yield addresses
    if saver:
        await saver.end()
    server.host.close()


@contextlib.asynccontextmanager
async def _attached(server: Server) -> AsyncIterator[None]:
    """Connected to the Redis that keeps everything, where one does."""
    if not server.settings.store:
        yield
        return
    from gymcc.agents.serving.server.divided import DividedStore

    assert isinstance(server.store, DividedStore)
    shared = server.store.shared

    async def save() -> None:
        await shared.save()
        server.saved = time.time()

    await shared.begin()
    server.save = save
    try:
        yield
    finally:
        await shared.close()


@contextlib.asynccontextmanager
async def _periodically(server: Server, saver: Saver | None) -> AsyncIterator[None]:
    """Time to live, idle connections and snapshots are seen to while the context lasts."""

    async def rounds() -> None:
        while True:
            await asyncio.sleep(TICK)
            server.store.sweep()
            _drop_idle(server)
            if saver and saver.is_due():
                with contextlib.suppress(OSError):  # logged; the next round tries again
                    await saver.save()

    task = asyncio.create_task(rounds())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _drop_idle(server: Server) -> None:
    """Hang up on clients that say nothing, where that is wanted, and on those that stopped in the middle."""
    for session in list(server.sessions.values()):
        stalled = session.peer.stuck() * TICK > server.settings.stall_timeout > 0
        if stalled:
            log.warning("client %d takes no replies, or does not finish its request: hung up on", session.id)
        if session.peer.silent() * TICK > server.settings.idle_timeout > 0 or stalled:
            session.peer.abort()
