"""When snapshots are written, and how a server gets back what one holds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from pathlib import Path

from gymcc.agents.serving.server import journal, snapshot
from gymcc.agents.serving.server.context import Server, Session
from gymcc.agents.serving.server.dispatch import COMMANDS
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.journal import Journal, JournaledStore
from gymcc.agents.serving.server.snapshot import SnapshotError

LONG = 64 << 20  # bytes of a journal after which it is time for a snapshot
log = logging.getLogger(__name__)


class Saver:
    """Writes a server's snapshot, one at a time, with a journal from each to the next; and reads them."""

    def __init__(self, server: Server, store: JournaledStore, path: Path) -> None:
        self._server = server
        self._store = store
        self._path = path
        self._lock = asyncio.Lock()
        self._commands = 0  # executed when it was last saved
        server.save = self.save

    async def begin(self) -> None:
        """Read what there is and keep a journal from now on; raises :class:`SnapshotError` or OSError."""
        if not self._path.parent.is_dir():
            raise OSError(f"{self._path}: a snapshot needs a folder that is there")
        covered = await self._load() if self._path.exists() else 0
        self._server.retries.forget()  # what a snapshot holds was acknowledged
        journals = journal.found(self._path)
        for number, path in journals:
            if number >= covered:
                await self._replay(path, journal.read(path))
        self._server.retries.restarted()
        self._store.journal = Journal(self._path, max([covered, *(number + 1 for number, _ in journals)]))

    async def save(self) -> None:
        """Save; raises OSError if the disk does not take it."""
        server = self._server
        async with self._lock:
            commands, current = server.statistics.commands, self._store.journal
            assert current is not None
            server.saving = True
            try:
                number = current.next()
                items = await self._store.items()
                await server.host.in_thread(snapshot.write, self._path, items, number)
                current.forget()
            except OSError as error:
                log.error("cannot save to %s: %s", self._path, error)
                raise
            finally:
                server.saving = False
            server.saved, self._commands = time.time(), commands

    def is_due(self) -> bool:
        """Whether the interval is over and anything was done in it, or the journal has grown long."""
        server = self._server
        if server.saving or server.statistics.commands == self._commands or self._store.journal is None:
            return False
        if self._store.journal.size > max(LONG, 2 * self._store.used()):
            return True
        return 0 < server.settings.save_every <= time.time() - max(server.saved, server.statistics.started)

    async def end(self) -> None:
        """Save for the last time; raises OSError if the disk does not take it."""
        await self.save()
        if self._store.journal is not None:
            self._store.journal.close()
            self._store.journal = None

    async def _load(self) -> int:
        """Put what the snapshot holds; the number of the first journal that goes beyond it."""
        commands = snapshot.read(self._path)
        *_, covered = next(commands)
        await self._replay(self._path, commands)
        return int(covered)

    async def _replay(self, path: Path, commands: Iterable[list[bytes]]) -> None:
        """Execute commands, but leave models uncompiled."""
        session = Session(self._server, 0, Nobody(), trusted=True, loading=True)
        for args in commands:
            try:
                await COMMANDS[args[0]].handler(session, self._store, args)
            except (LookupError, CommandError) as error:
                raise SnapshotError(f"{path}: {error}") from error
        log.info("%s: %d keys", path, len(await self._store.keys()))


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

    def stuck(self) -> int:
        return 0

    def silent(self) -> int:
        """Never."""
        return 0

    def abort(self) -> None:
        """Nothing to end."""
