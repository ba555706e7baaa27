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
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from gymcc.agents.serving.server import runners
from gymcc.agents.serving.server.connection import Connection
from gymcc.agents.serving.server.context import Server
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.limits import Settings
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.models import Host
from gymcc.agents.serving.server.persistence import Saver, load, warm_up

log = logging.getLogger(__name__)
BACKLOG = 1024
TICK = 1.0  # seconds between two rounds of periodic work
SILENT = 60  # seconds without a packet after which a TCP peer is asked whether it is still there


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
    """A server with its keyspace in this process."""
    store = LocalStore(settings.memory, settings.evict, settings.tensor_ttl)
    return Server(settings, store, Host(settings))


@contextlib.asynccontextmanager
async def listening(server: Server, listen: Listen) -> AsyncIterator[list[str]]:
    """Listen while the context lasts; gives the addresses, as clients write them."""
    loop = asyncio.get_running_loop()
    numbers = count(1)
    opened: list[asyncio.AbstractServer] = []
    addresses = []
    try:
        if listen.path:
            opened.append(await loop.create_unix_server(_factory(server, numbers, True), sock=_unix(listen.path)))
            addresses.append(f"unix://{listen.path}")
        if listen.port is not None:
            tcp = await loop.create_server(
                _factory(server, numbers, False), listen.host, listen.port, backlog=BACKLOG, reuse_address=True
            )
            opened.append(tcp)
            addresses.append(f"{listen.host}:{tcp.sockets[0].getsockname()[1]}")
        yield addresses
    finally:
        for each in opened:
            each.close()
        for session in list(server.sessions.values()):
            session.peer.abort()
        if listen.path:
            Path(listen.path).unlink(missing_ok=True)


def _factory(server: Server, numbers: count[int], local: bool) -> Callable[[], Connection]:
    return lambda: Connection(server, numbers, local)


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


async def serve(server: Server, listen: Listen, ready: Callable[[list[str]], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is told the addresses once clients may come."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runners.preload(server.settings)
    path = Path(server.settings.snapshot) if server.settings.snapshot else None
    if path:
        server.save = saver = Saver(server, path)
        if path.exists():
            log.info("%s: %d keys", path, await load(server, path))
    async with listening(server, listen) as addresses, _periodically(server, saver if path else None):
        await warm_up(server)
        ready(addresses)
        await stop.wait()
    if path:
        await saver()
    server.host.close()


@contextlib.asynccontextmanager
async def _periodically(server: Server, saver: Saver | None) -> AsyncIterator[None]:
    """Time to live, idle connections and snapshots are seen to while the context lasts."""

    async def rounds() -> None:
        while True:
            await asyncio.sleep(TICK)
            server.store.sweep()
            _drop_idle(server)
            if saver and saver.is_due():
                with contextlib.suppress(CommandError):  # logged; the next round tries again
                    await saver()

    task = asyncio.create_task(rounds())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _drop_idle(server: Server) -> None:
    limit = server.settings.idle_timeout
    for session in list(server.sessions.values()) if limit else ():
        if session.peer.idle() > limit:
            session.peer.abort()
