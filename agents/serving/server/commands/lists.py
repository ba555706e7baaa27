"""Lists: what data sets were produced, in order."""

from __future__ import annotations

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.commands.words import integer
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.limits import LATELY
from gymcc.agents.serving.server.retries import holds
from gymcc.agents.serving.server.store import Store


async def push(session: Session, store: Store, args: Args) -> bytes:
    """``RPUSH key element…``: the length; a push that was sent again is not done again."""
    key, elements = args[1], list(args[2:])
    repeated = session.server.retries.is_repeated(session, args)
    if repeated and holds(await store.slice(key, -len(elements) - LATELY, -1), elements):
        session.server.statistics.repeated += 1
        return replies.integer(await store.length(key))
    return replies.integer(await store.push(key, elements))


async def size(session: Session, store: Store, args: Args) -> bytes:
    """``LLEN key``"""
    return replies.integer(await store.length(args[1]))


async def span(session: Session, store: Store, args: Args) -> bytes:
    """``LRANGE key start stop``"""
    return replies.bulks(await store.slice(args[1], integer(args[2]), integer(args[3])))


async def trim(session: Session, store: Store, args: Args) -> bytes:
    """``LTRIM key start stop``"""
    await store.trim(args[1], integer(args[2]), integer(args[3]))
    return replies.OK


async def at(session: Session, store: Store, args: Args) -> bytes:
    """``LINDEX key index``"""
    index = integer(args[2])
    found = await store.slice(args[1], index, index)
    return replies.bulk(found[0] if found else None)


TABLE = {
    b"RPUSH": Command(push, 3),
    b"LLEN": Command(size, 2, 2),
    b"LRANGE": Command(span, 4, 4),
    b"LTRIM": Command(trim, 4, 4),
    b"LINDEX": Command(at, 3, 3),
}
