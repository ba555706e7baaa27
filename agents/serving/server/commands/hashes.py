"""Hashes: the metadata of data sets, cards of published models."""

from __future__ import annotations

from gymcc.agents.serving.server import replies
from gymcc.agents.serving.server.context import Args, Command, Session
from gymcc.agents.serving.server.errors import arity
from gymcc.agents.serving.server.store import Store


async def hash_set(session: Session, store: Store, args: Args) -> bytes:
    """``HSET key field value…``: how many fields are new."""
    return replies.integer(await _set(store, args))


async def hash_set_many(session: Session, store: Store, args: Args) -> bytes:
    """``HMSET key field value…``"""
    await _set(store, args)
    return replies.OK


async def get(session: Session, store: Store, args: Args) -> bytes:
    """``HGET key field``"""
    return replies.bulk((await store.hash_all(args[1])).get(args[2]))


async def get_many(session: Session, store: Store, args: Args) -> bytes:
    """``HMGET key field…``"""
    fields = await store.hash_all(args[1])
    return replies.bulks([fields.get(name) for name in args[2:]])


async def get_all(session: Session, store: Store, args: Args) -> bytes:
    """``HGETALL key``: empty if there is no such key."""
    fields = await store.hash_all(args[1])
    return replies.bulks([part for pair in fields.items() for part in pair])


async def has(session: Session, store: Store, args: Args) -> bytes:
    """``HEXISTS key field``"""
    return replies.integer(args[2] in await store.hash_all(args[1]))


async def size(session: Session, store: Store, args: Args) -> bytes:
    """``HLEN key``"""
    return replies.integer(len(await store.hash_all(args[1])))


async def names(session: Session, store: Store, args: Args) -> bytes:
    """``HKEYS key``"""
    return replies.bulks(list(await store.hash_all(args[1])))


async def delete(session: Session, store: Store, args: Args) -> bytes:
    """``HDEL key field…``"""
    return replies.integer(await store.hash_delete(args[1], args[2:]))


async def _set(store: Store, args: Args) -> int:
    if len(args) % 2:
        raise arity(args[0])
    return await store.hash_set(args[1], dict(zip(args[2::2], args[3::2], strict=True)))


TABLE = {
    b"HSET": Command(hash_set, 4),
    b"HMSET": Command(hash_set_many, 4),
    b"HGET": Command(get, 3, 3),
    b"HMGET": Command(get_many, 3),
    b"HGETALL": Command(get_all, 2, 2),
    b"HEXISTS": Command(has, 3, 3),
    b"HLEN": Command(size, 2, 2),
    b"HKEYS": Command(names, 2, 2),
    b"HDEL": Command(delete, 3),
}
