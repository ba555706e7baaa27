"""The keyspace in a file: the commands that make it again, in the protocol's own form, with a checksum at the end."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import hiredis

from gymcc.agents.serving.protocol.resp import Part, encode_command
from gymcc.agents.serving.server.values import Alias, Hash, List, Model, Script, Tensor, Text, Value

Items = Sequence[tuple[bytes, Value, float | None]]  # key, value, when it expires in seconds since 1970
NAME = b"GYMCC.SNAPSHOT"
VERSION = b"1"
BEGIN = b"*3\r\n$14\r\n%b\r\n$1\r\n%b\r\n" % (NAME, VERSION)
END = b"*2\r\n$3\r\nEND\r\n$8\r\n%08x\r\n"  # CRC-32 of all before
MANY = 10_000  # elements of a list in one command
CHUNK = 1 << 20


class SnapshotError(ValueError):
    """A file that is no snapshot, or not whole; the message says which."""


def write(path: Path, items: Items, journal: int) -> None:
    """Replace the file at once; what was there stays if anything fails. ``journal``: the first that goes beyond it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            _fill(file, items, journal)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        _sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> Iterator[list[bytes]]:
    """The head and the commands of a snapshot, all of it checked first; raises :class:`SnapshotError`."""
    size = _checked(path)
    reader = hiredis.Reader()
    with path.open("rb") as file:
        while left := size - file.tell():
            reader.feed(file.read(min(CHUNK, left)))
            while command := reader.gets():
                yield command


def _fill(file: BinaryIO, items: Items, journal: int) -> None:
    head = encode_command(NAME, VERSION, journal)
    file.write(head)
    checksum = zlib.crc32(head)
    ordered = sorted(items, key=lambda item: isinstance(item[1], Alias))  # an alias needs its model
    for key, value, at in ordered:
        for command in commands_of(key, value, at):
            file.write(command)
            checksum = zlib.crc32(command, checksum)
    file.write(END % checksum)


def commands_of(key: bytes, value: Value, at: float | None) -> Iterator[bytes]:
    """The commands that make a key, which expires at a time in seconds since 1970, None: never."""
    if isinstance(value, List):
        elements = iter(value.elements)
        while some := list(islice(elements, MANY)):
            yield encode_command("RPUSH", key, *some)
    else:
        yield encode_command(*_command(key, value))
    if at is not None:
        yield expiry_of(key, at)


def expiry_of(key: bytes, at: float) -> bytes:
    """The command that has a key expire at a time in seconds since 1970."""
    return encode_command("PEXPIREAT", key, round(at * 1000))


def _command(key: bytes, value: Value) -> list[Part]:
    match value:
        case Tensor():
            return ["AI.TENSORSET", key, value.layout.name, *value.layout.shape, "BLOB", value.blob]
        case Model():
            return ["AI.MODELSTORE", key, value.backend, value.device, *_options(value), "BLOB", value.blob]
        case Script():
            entries: list[Part] = ["ENTRY_POINTS", len(value.entries), *value.entries] if value.entries else []
            name = "AI.SCRIPTSTORE" if entries else "AI.SCRIPTSET"
            return [name, key, value.device, "TAG", value.tag, *entries, "SOURCE", value.source]
        case Alias():
            return ["GYMCC.ALIAS", key, value.target]
        case Hash():
            return ["HSET", key, *(part for pair in value.fields.items() for part in pair)]
        case Text():
            return ["SET", key, value.value]
    raise TypeError(type(value).__name__)


def _options(model: Model) -> list[Part]:
    size, least, wait = model.batch
    names: list[Part] = ["INPUTS", len(model.inputs), *model.inputs, "OUTPUTS", len(model.outputs), *model.outputs]
    return ["TAG", model.tag, "BATCHSIZE", size, "MINBATCHSIZE", least, "MINBATCHTIMEOUT", wait, *names]


def _checked(path: Path) -> int:
    """Bytes before the end mark; raises :class:`SnapshotError` unless the checksum is right."""
    size = path.stat().st_size - len(END % 0)
    checksum = 0
    with path.open("rb") as file:
        if file.read(len(BEGIN)) != BEGIN:
            raise SnapshotError(f"{path}: no snapshot of this version of gymcc")
        file.seek(0)
        while left := size - file.tell():
            checksum = zlib.crc32(file.read(min(CHUNK, left)), checksum)
        if file.read() != END % checksum:
            raise SnapshotError(
                f"{path}: the snapshot is damaged or cut short; restore it, or remove it to start empty"
            )
    return size


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
