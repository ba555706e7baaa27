"""The orchestrator in a thread of this process, on a Unix socket and a port of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gymcc.agents.serving.server.app import Listen, build, working
from gymcc.agents.serving.server.limits import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """Where a server listens, as clients write it."""

    unix: str
    tcp: str


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[Running]:
    """A server with :class:`Settings` ``settings``; it stops, and its clients are hung up on, at the end."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[str] = []

    async def serve() -> None:
        server = build(Settings(**settings))
        async with working(server, Listen(port=0, path=str(folder / "gymcc.sock"))) as addresses:
            found.extend(addresses)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(60), "the server does not start"
    try:
        yield Running(*found)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
