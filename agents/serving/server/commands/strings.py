"""Keys of any kind, and plain strings."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands.words import Words, integer, options, plain
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import SYNTAX, WRONG_TYPE, CommandError
from gymcc.agents.serving.server.store import Store
from gymcc.agents.serving.server.values import TYPE_NAMES, Text

FOREVER = 1 << 42  # ms; times to live beyond are as good as none, and overflow clocks


async def exists(session: Session, store: Store, args: Args) -> bytes:
    """``EXISTS key…``"""
    count = 0
    for key in args[1:]:
        count += await store.exists([key]) or (plain(key) != key and await store.exists([plain(key)]))
    return replies.integer(count)


async def delete(session: Session, store: Store, args: Args) -> bytes:
    """``DEL key…`` and ``UNLINK key…``"""
    return replies.integer(await store.delete(args[1:]))


async def rename(session: Session, store: Store, args: Args) -> bytes:
    """``RENAME key new``"""
    await store.rename(args[1], args[2])
    return replies.OK


async def copy(session: Session, store: Store, args: Args) -> bytes:
    """``COPY key new [REPLACE]``"""
    words = Words(args, 3)
    given = options(words, {b"REPLACE": lambda: b"", b"DB": words.number})
    if given.number(b"DB"):
        raise CommandError("ERR DB index is out of range")
    return replies.integer(await store.copy(args[1], args[2], b"REPLACE" in given))


async def kind(session: Session, store: Store, args: Args) -> bytes:
    """``TYPE key``"""
    value = await store.get(args[1])
    return replies.simple("none" if value is None else TYPE_NAMES[type(value)])


def _expire(unit: float, relative: bool) -> Callable[[Session, Store, Args], Awaitable[bytes]]:
    async def handler(session: Session, store: Store, args: Args) -> bytes:
        """``EXPIRE key seconds`` and its like."""
        given = integer(args[2]) * unit
        if abs(given) * 1000 > FOREVER:
            raise CommandError("ERR invalid expire time in 'expire' command")
        return replies.integer(await store.expire(args[1], given + (time.time() if relative else 0)))

    return handler


def _left(unit: float) -> Callable[[Session, Store, Args], Awaitable[bytes]]:
    async def handler(session: Session, store: Store, args: Args) -> bytes:
        """``TTL key`` and ``PTTL key``: what is left, -1: for ever, -2: no such key."""
        if not await store.exists([args[1]]):
            return replies.integer(-2)
        at = await store.expiry(args[1])
        return replies.integer(-1 if at is None else max(0, round((at - time.time()) / unit)))

    return handler


async def persist(session: Session, store: Store, args: Args) -> bytes:
    """``PERSIST key``"""
    if await store.expiry(args[1]) is None:
        return replies.ZERO
    return replies.integer(await store.expire(args[1], None))


async def get(session: Session, store: Store, args: Args) -> bytes:
    """``GET key``"""
    value = await store.get(args[1])
    if value is not None and type(value) is not Text:
        raise CommandError(WRONG_TYPE)
    return replies.bulk(value.value if value else None)


async def set_(session: Session, store: Store, args: Args) -> bytes:
    """``SET key value [NX | XX] [EX seconds | PX ms]``"""
    words = Words(args, 3)
    flags = {name: lambda: b"" for name in (b"NX", b"XX")}
    given = options(words, {**flags, b"EX": words.number, b"PX": words.number})
    if (b"NX" in given and b"XX" in given) or (b"EX" in given and b"PX" in given):
        raise CommandError(SYNTAX)
    there = await store.exists([args[1]])
    if (b"NX" in given and there) or (b"XX" in given and not there):
        return replies.NIL
    lasting = given.number(b"EX") * 1000 + given.number(b"PX")
    if lasting > FOREVER or (not lasting and (b"EX" in given or b"PX" in given)):
        raise CommandError("ERR invalid expire time in 'set' command")
    await store.put(args[1], Text(args[2]))
    if lasting:
        await store.expire(args[1], time.time() + lasting / 1000)
    return replies.OK


async def size(session: Session, store: Store, args: Args) -> bytes:
    """``DBSIZE``"""
    return replies.integer(await store.size())


async def flush(session: Session, store: Store, args: Args) -> bytes:
    """``FLUSHDB`` and ``FLUSHALL``"""
    await store.clear()
    session.server.statistics.runs.clear()
    return replies.OK


TABLE = {
    b"EXISTS": Command(exists, 2),
    b"DEL": Command(delete, 2),
    b"UNLINK": Command(delete, 2),
    b"RENAME": Command(rename, 3, 3),
    b"COPY": Command(copy, 3),
    b"TYPE": Command(kind, 2, 2),
    b"EXPIRE": Command(_expire(1, True), 3, 3),
    b"PEXPIRE": Command(_expire(1e-3, True), 3, 3),
    b"EXPIREAT": Command(_expire(1, False), 3, 3),
    b"PEXPIREAT": Command(_expire(1e-3, False), 3, 3),
    b"TTL": Command(_left(1), 2, 2),
    b"PTTL": Command(_left(1e-3), 2, 2),
    b"PERSIST": Command(persist, 2, 2),
    b"GET": Command(get, 2, 2),
    b"SET": Command(set_, 3),
    b"DBSIZE": Command(size, 1, 1),
    b"FLUSHDB": Command(flush, 1, 2),
    b"FLUSHALL": Command(flush, 1, 2),
}
