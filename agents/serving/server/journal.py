"""What was changed since the snapshot, in files beside it: nothing that was acknowledged is lost with the process.

A journal is a file of commands. Its number is larger than those before it; the snapshot says which numbers it covers.
Writes reach the operating system before the reply is sent, not the disk: they outlive the process, not the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import hiredis

from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.local import LocalStore, is_plain
from gymcc.agents.serving.server.snapshot import CHUNK, SnapshotError, commands_of, expiry_of
from gymcc.agents.serving.server.values import Value


class Journal:
    """The file that is written now."""

    def __init__(self, snapshot: Path, number: int) -> None:
        self._snapshot = snapshot
        self.number = number
        self.size = 0  # bytes
        self._file = os.open(_path(snapshot, number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def append(self, *commands: bytes) -> None:
        """Write commands, all or none; raises :class:`CommandError` if the disk does not take them."""
        data = memoryview(b"".join(commands))
        done = 0
        try:
            while done < len(data):
                done += os.write(self._file, data[done:])
        except OSError as error:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise CommandError(f"ERR done, but would be lost at an end now, for the disk: {error.strerror}") from error
        self.size += done

    def next(self) -> int:
        """Go on in a new file; its number."""
        successor = Journal(self._snapshot, self.number + 1)
        os.close(self._file)
        self._file, self.number, self.size = successor._file, successor.number, 0
        return self.number

    def forget(self) -> None:
        """Remove the files before this one."""
        for number, path in found(self._snapshot):
            if number < self.number:
                path.unlink()

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def found(snapshot: Path) -> list[tuple[int, Path]]:
    """The journals beside a snapshot with their numbers, oldest first."""
    prefix, suffix = f"{snapshot.name}.", ".journal"
    names = [path.name for path in snapshot.parent.glob(f"{prefix}*{suffix}")]
    numbers = [name.removeprefix(prefix).removesuffix(suffix) for name in names]
    return sorted((int(number), _path(snapshot, int(number))) for number in numbers if number.isdecimal())


def read(path: Path) -> Iterator[list[bytes]]:
    """The commands of a journal; of one that was being written at the end, those that are whole."""
    reader = hiredis.Reader()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            reader.feed(data)
            try:
                while command := reader.gets():
                    yield command
            except hiredis.ProtocolError as error:
                raise SnapshotError(f"{path}: the journal is damaged: {error}") from error


def _path(snapshot: Path, number: int) -> Path:
    return snapshot.with_name(f"{snapshot.name}.{number}.journal")


class JournaledStore(LocalStore):
    """The keyspace in this process, with all but plain tensors written to a journal as it changes."""

    journal: Journal | None = None  # None while a snapshot is read

    def place(self, key: bytes, value: Value) -> None:
        super().place(key, value)
        if not is_plain(key, value):
            self._append(*commands_of(key, value, None))

    async def delete(self, keys: Sequence[bytes]) -> int:
        lasting = [key for key in keys if key not in self._plain]
        done = await super().delete(keys)
        if lasting:
            self._append(encode_command("DEL", *lasting))
        return done

    async def rename(self, key: bytes, new: bytes) -> None:
        await super().rename(key, new)
        if key != new:
            self._append(encode_command("DEL", key, new), *self._commands(new))

    async def copy(self, key: bytes, new: bytes, replace: bool) -> bool:
        done = await super().copy(key, new, replace)
        if done:
            self._append(encode_command("DEL", new), *self._commands(new))
        return done

    async def hash_set(self, key: bytes, pairs: Mapping[bytes, bytes]) -> int:
        done = await super().hash_set(key, pairs)
        self._append(encode_command("HSET", key, *(part for pair in pairs.items() for part in pair)))
        return done

    async def hash_delete(self, key: bytes, fields: Sequence[bytes]) -> int:
        done = await super().hash_delete(key, fields)
        self._append(encode_command("HDEL", key, *fields))
        return done

    async def push(self, key: bytes, elements: Sequence[bytes]) -> int:
        done = await super().push(key, elements)
        self._append(encode_command("RPUSH", key, *elements))
        return done

    async def trim(self, key: bytes, start: int, stop: int) -> None:
        await super().trim(key, start, stop)
        self._append(encode_command("LTRIM", key, start, stop))

    async def expire(self, key: bytes, at: float | None) -> bool:
        done = await super().expire(key, at)
        if done and key not in self._plain:
            self._append(encode_command("PERSIST", key) if at is None else expiry_of(key, at))
        return done

    async def clear(self) -> None:
        await super().clear()
        self._append(encode_command("FLUSHDB"))

    def _commands(self, key: bytes) -> Iterator[bytes]:
        """Those that make a key as it is; none for a plain tensor."""
        value = self._values.get(key)
        if value is not None and not is_plain(key, value):
            yield from commands_of(key, value, self._expiry.get(key))

    def _append(self, *commands: bytes) -> None:
        if self.journal is not None:
            self.journal.append(*commands)
