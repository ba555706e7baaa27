"""When snapshots are written, and how a server gets back what one holds."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from gymcc.agents.serving.server import snapshot
from gymcc.agents.serving.server.context import Server, Session
from gymcc.agents.serving.server.dispatch import COMMANDS
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.snapshot import SnapshotError

log = logging.getLogger(__name__)


class Saver:
    """Writes a server's snapshot, one at a time, and reads it."""

    def __init__(self, server: Server, path: Path) -> None:
        self._server = server
        self._path = path
        self._lock = asyncio.Lock()
        self._commands = 0  # executed when it was last saved
        server.save = self.save

    async def save(self) -> None:
        """Save; raises OSError if the disk does not take it."""
        server = self._server
        async with self._lock:
            commands = server.statistics.commands
            server.saving = True
            try:
                await server.host.in_thread(snapshot.write, self._path, await server.store.items())
            except OSError as error:
                log.error("cannot save to %s: %s", self._path, error)
                raise
            finally:
                server.saving = False
            server.saved, self._commands = time.time(), commands

    def is_due(self) -> bool:
        """Whether the interval is over and anything was done in it."""
        server = self._server
        if not server.settings.save_every or server.saving or server.statistics.commands == self._commands:
            return False
        return time.time() - max(server.saved, server.statistics.started) >= server.settings.save_every

    async def load(self) -> None:
        """Put what the snapshot holds, if there is one, models uncompiled; raises :class:`SnapshotError`."""
        if not self._path.exists():
            return
        server = self._server
        session = Session(server, 0, Nobody(), trusted=True, loading=True)
        for args in snapshot.read(self._path):
            try:
                await COMMANDS[args[0]].handler(session, server.store, args)
            except (LookupError, CommandError) as error:
                raise SnapshotError(f"{self._path}: {error}") from error
        log.info("%s: %d keys", self._path, len(await server.store.keys()))


async def warm_up(server: Server) -> None:
    """Compile all models and scripts, so that their first users need not wait; those that cannot be are logged."""
    for key, value in (await server.store.models()).items():
        try:
            await server.host.prepare(value)
        except CommandError as error:
            log.warning("%s cannot be run: %s", key.decode("utf-8", "replace"), error)


class Nobody:
    """The peer of a session that no client has."""

    def address(self) -> tuple[str, int]:
        """None."""
        return "", 0

    def gone(self) -> bool:
        """It never was there."""
        return True

    def close(self) -> None:
        """Nothing to end."""

    def silent(self) -> int:
        """Never."""
        return 0

    def abort(self) -> None:
        """Nothing to end."""
