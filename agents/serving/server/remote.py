"""The keyspace in a Redis, standalone or a cluster, which any number of servers share.

Every operation is one command or script of Redis and so atomic, but for two in a cluster: a value that is moved or
copied to another slot is there before it is gone, and several keys may be in several slots. What a model compiles to
stays here, by the digest of its content; whether the key still holds that content is asked each time, so a model that
is stored, or an alias that is moved, through one server is what all others run from the next request on.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gymcc.agents.serving.server import redis_pushes
from gymcc.agents.serving.server.errors import NO_KEY, WRONG_TYPE, CommandError
from gymcc.agents.serving.server.local import is_plain
from gymcc.agents.serving.server.records import decode, encode
from gymcc.agents.serving.server.redis_link import Link
from gymcc.agents.serving.server.redis_pushes import PUSHED
from gymcc.agents.serving.server.redis_scripts import GET, PUT
from gymcc.agents.serving.server.values import Alias, Hash, List, Model, Script, Value

Runnable = TypeVar("Runnable", bound=Model | Script)
INDEX = b"gymcc.index"  # a set of the names under which models, aliases and scripts were put; some may be gone
OURS = (INDEX, PUSHED)  # keys that clients have not put
COMPILED = 64  # models and scripts that are kept though nobody may need them any more


class RedisStore:
    """Values by key in the Redis at ``url``, see :class:`.redis_link.Link`.

    Bounds on its memory, and what it drops past them, are Redis's own (``maxmemory``). ``tensor_ttl`` in seconds
    removes plain tensors so long after they were put, 0: never.
    """

    def __init__(self, url: str, tensor_ttl: float = 0) -> None:
        self._link = Link(url)
        self._name = uuid.uuid4().hex  # among the servers that share the Redis
        self._repeated = 0  # pushes that another server had executed already
        self._life = round(tensor_ttl * 1000)  # ms
        self._compiled: OrderedDict[str, Model | Script] = OrderedDict()  # by digest, least recently used first

    async def begin(self) -> None:
        """Connect; raises ConnectionError or ValueError (a wrong password, not Redis 7) that name the Redis."""
        await self._link.begin()

    async def close(self) -> None:
        """Leave it as it is."""
        await self._link.close()

    async def save(self) -> None:
        """Have Redis write its snapshot; raises OSError if it does not."""
        try:
            await self._link.save()
        except CommandError as error:
            raise OSError(str(error)) from error

    async def get(self, key: bytes) -> Value | None:
        return (await self.get_many([key]))[0]

    async def put(self, key: bytes, value: Value) -> None:
        await self.put_many({key: value})

    async def get_many(self, keys: Sequence[bytes]) -> Sequence[Value | None]:
        groups = self._link.grouped(keys)
        replies = await asyncio.gather(*(self._link.script(GET, group) for group in groups))
        found = {
            key: raw
            for group, reply in zip(groups, replies, strict=True)
            for key, raw in zip(group, reply, strict=True)
        }
        return [await self._value(key, found[key]) for key in keys]

    async def put_many(self, values: Mapping[bytes, Value]) -> None:
        named = [key for key, value in values.items() if isinstance(value, Model | Script | Alias)]
        if named:
            await self._link.call("SADD", INDEX, *named)
        await asyncio.gather(*(self._put(group, values) for group in self._link.grouped(list(values))))
        for value in values.values():
            if isinstance(value, Model | Script):
                self._keep(value)

    async def delete(self, keys: Sequence[bytes]) -> int:
        deleted: int = sum(
            await asyncio.gather(*(self._link.call("DEL", *group) for group in self._link.grouped(keys)))
        )
        if deleted:
            await self._link.call("SREM", INDEX, *keys)
        return deleted

    async def exists(self, keys: Sequence[bytes]) -> int:
        return sum(await asyncio.gather(*(self._link.call("EXISTS", *group) for group in self._link.grouped(keys))))

    async def rename(self, key: bytes, new: bytes) -> None:
        await self._list(key, new)
        if self._link.are_apart(key, new):
            if not await self._transfer(key, new, replace=True):
                raise CommandError(NO_KEY)
            await self._link.call("DEL", key)
        else:
            await self._link.call("RENAME", key, new)

    async def copy(self, key: bytes, new: bytes, replace: bool) -> bool:
        if key == new:
            return False
        await self._list(key, new)
        if self._link.are_apart(key, new):
            return await self._transfer(key, new, replace)
        return bool(await self._link.call("COPY", key, new, *(["REPLACE"] if replace else [])))

    async def hash_set(self, key: bytes, pairs: Mapping[bytes, bytes]) -> int:
        return int(await self._link.call("HSET", key, *(part for pair in pairs.items() for part in pair)))

    async def hash_all(self, key: bytes) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = await self._link.call("HGETALL", key)
        return found

    async def hash_delete(self, key: bytes, fields: Sequence[bytes]) -> int:
        return int(await self._link.call("HDEL", key, *fields)) if fields else 0

    async def push(self, key: bytes, elements: Sequence[bytes]) -> int:
        length, repeated = await redis_pushes.push(self._link, self._name, key, elements)
        self._repeated += repeated
        return length

    async def length(self, key: bytes) -> int:
        return int(await self._link.call("LLEN", key))

    async def slice(self, key: bytes, start: int, stop: int) -> Sequence[bytes]:
        found: list[bytes] = await self._link.call("LRANGE", key, start, stop)
        return found

    async def trim(self, key: bytes, start: int, stop: int) -> None:
        await self._link.call("LTRIM", key, start, stop)

    async def expire(self, key: bytes, at: float | None) -> bool:
        if at is None:
            await self._link.call("PERSIST", key)
            return bool(await self._link.call("EXISTS", key))
        return bool(await self._link.call("PEXPIREAT", key, round(at * 1000)))

    async def expiry(self, key: bytes) -> float | None:
        at = int(await self._link.call("PEXPIRETIME", key))
        return at / 1000 if at >= 0 else None

    async def keys(self) -> Sequence[bytes]:
        return [key for key in await self._link.keys() if key not in OURS]

    async def size(self) -> int:
        return int(sum(await self._link.everywhere("DBSIZE")) - await self.exists(OURS))

    async def models(self) -> Mapping[bytes, Model | Alias | Script]:
        names = sorted(await self._link.call("SMEMBERS", INDEX))
        found = [(name, await self.get(name)) for name in names]
        return {key: value for key, value in found if isinstance(value, Model | Alias | Script)}

    async def items(self) -> Sequence[tuple[bytes, Value, float | None]]:
        found = [(key, await self.get(key), await self.expiry(key)) for key in await self.keys()]
        return [(key, value, at) for key, value, at in found if value is not None]

    async def clear(self) -> None:
        await self._link.everywhere("FLUSHDB")
        self._compiled.clear()

    def sweep(self) -> None:
        """Redis does that itself."""

    def used(self) -> int:
        """Of this process: models and scripts."""
        return sum(value.nbytes() for value in self._compiled.values())

    def bound(self, memory: int, evict: bool) -> None:
        """Redis's memory has a bound of its own."""

    def counts(self) -> dict[str, int]:
        return {"compiled_models": len(self._compiled), "pushes_repeated_elsewhere": self._repeated}

    async def _put(self, keys: Sequence[bytes], values: Mapping[bytes, Value]) -> None:
        args: list[bytes | int] = []
        for key in keys:
            value = values[key]
            assert not isinstance(value, Hash | List)  # these grow in place
            args += [encode(value), self._life if is_plain(key, value) else 0]
        await self._link.script(PUT, keys, *args)

    async def _value(self, key: bytes, raw: Any) -> Value | None:
        """What a script has found at a key; a model that is compiled here is that very object."""
        if raw is None:
            return None
        if isinstance(raw, list):
            return _native(*raw)
        value = decode(raw)
        if not isinstance(value, Model | Script):
            return value
        known = self._compiled.get(value.digest)
        if known is not None:
            self._compiled.move_to_end(value.digest)
            return known
        if isinstance(value, Model):
            whole = await self._link.call("GET", key)
            if whole is None or not isinstance(value := decode(whole), Model):
                return await self.get(key)  # it was replaced just now
        return self._keep(value)

    def _keep(self, value: Runnable) -> Runnable:
        self._compiled[value.digest] = value
        self._compiled.move_to_end(value.digest)
        if len(self._compiled) > COMPILED:
            self._compiled.popitem(last=False)
        return value

    async def _list(self, key: bytes, new: bytes) -> None:
        """Have a model, alias or script found under its new name, too."""
        if await self._link.call("SISMEMBER", INDEX, key):
            await self._link.call("SADD", INDEX, new)

    async def _transfer(self, key: bytes, new: bytes, replace: bool) -> bool:
        """Copy to another slot."""
        content = await self._link.call("DUMP", key)
        if content is None or (not replace and await self._link.call("EXISTS", new)):
            return False
        left = max(0, int(await self._link.call("PTTL", key)))
        await self._link.call("RESTORE", new, left, content, "REPLACE")
        return True


def _native(kind: bytes, content: list[bytes]) -> Value:
    """A hash or list of Redis's own; raises :class:`CommandError` for what commands here do not make."""
    size = sum(map(len, content))
    if kind == b"hash":
        return Hash(dict(zip(content[::2], content[1::2], strict=True)), size)
    if kind == b"list":
        return List(content, size)
    raise CommandError(WRONG_TYPE)
