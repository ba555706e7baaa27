"""A keyspace that several servers share, but for the keys that one connection alone uses: those stay in this process.

A decision puts its observation, runs a policy and gets the scores under such keys (``gymcc.scratch.…``), which then
cross the network to the client only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gymcc.agents.serving.protocol.names import SCRATCH
from gymcc.agents.serving.server.errors import NO_KEY, CommandError
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.remote import RedisStore
from gymcc.agents.serving.server.store import Store
from gymcc.agents.serving.server.values import Alias, Hash, List, Model, Script, Value

OWN = SCRATCH.encode()


class DividedStore:
    """``shared`` for all keys but those that begin with ``gymcc.scratch.``, which are in ``own``."""

    def __init__(self, own: LocalStore, shared: RedisStore) -> None:
        self.own = own
        self.shared = shared

    def _of(self, key: bytes) -> Store:
        return self.own if key.startswith(OWN) else self.shared

    async def get(self, key: bytes) -> Value | None:
        return await self._of(key).get(key)

    async def put(self, key: bytes, value: Value) -> None:
        await self._of(key).put(key, value)

    async def get_many(self, keys: Sequence[bytes]) -> Sequence[Value | None]:
        others = [key for key in keys if not key.startswith(OWN)]
        shared = dict(zip(others, await self.shared.get_many(others), strict=True)) if others else {}
        return [shared[key] if key in shared else self.own.find(key) for key in keys]

    async def put_many(self, values: Mapping[bytes, Value]) -> None:
        others = {key: value for key, value in values.items() if not key.startswith(OWN)}
        if others:
            await self.shared.put_many(others)
        await self.own.put_many({key: value for key, value in values.items() if key not in others})

    async def delete(self, keys: Sequence[bytes]) -> int:
        own, others = _parted(keys)
        return await self.own.delete(own) + (await self.shared.delete(others) if others else 0)

    async def exists(self, keys: Sequence[bytes]) -> int:
        own, others = _parted(keys)
        return await self.own.exists(own) + (await self.shared.exists(others) if others else 0)

    async def rename(self, key: bytes, new: bytes) -> None:
        if self._of(key) is self._of(new):
            await self._of(key).rename(key, new)
        elif await self._carry(key, new):
            await self._of(key).delete([key])
        else:
            raise CommandError(NO_KEY)

    async def copy(self, key: bytes, new: bytes, replace: bool) -> bool:
        if self._of(key) is self._of(new):
            return await self._of(key).copy(key, new, replace)
        if not replace and await self._of(new).exists([new]):
            return False
        return await self._carry(key, new)

    async def hash_set(self, key: bytes, pairs: Mapping[bytes, bytes]) -> int:
        return await self._of(key).hash_set(key, pairs)

    async def hash_all(self, key: bytes) -> Mapping[bytes, bytes]:
        return await self._of(key).hash_all(key)

    async def hash_delete(self, key: bytes, fields: Sequence[bytes]) -> int:
        return await self._of(key).hash_delete(key, fields)

    async def push(self, key: bytes, elements: Sequence[bytes]) -> int:
        return await self._of(key).push(key, elements)

    async def length(self, key: bytes) -> int:
        return await self._of(key).length(key)

    async def slice(self, key: bytes, start: int, stop: int) -> Sequence[bytes]:
        return await self._of(key).slice(key, start, stop)

    async def trim(self, key: bytes, start: int, stop: int) -> None:
        await self._of(key).trim(key, start, stop)

    async def expire(self, key: bytes, at: float | None) -> bool:
        return await self._of(key).expire(key, at)

    async def expiry(self, key: bytes) -> float | None:
        return await self._of(key).expiry(key)

    async def keys(self) -> Sequence[bytes]:
        return [*await self.own.keys(), *await self.shared.keys()]

    async def size(self) -> int:
        return await self.own.size() + await self.shared.size()

    async def models(self) -> Mapping[bytes, Model | Alias | Script]:
        return {**await self.own.models(), **await self.shared.models()}

    async def items(self) -> Sequence[tuple[bytes, Value, float | None]]:
        return [*await self.own.items(), *await self.shared.items()]

    async def clear(self) -> None:
        await self.shared.clear()
        await self.own.clear()

    def sweep(self) -> None:
        self.own.sweep()

    def used(self) -> int:
        return self.own.used() + self.shared.used()

    def bound(self, memory: int, evict: bool) -> None:
        self.own.bound(memory, evict)

    def counts(self) -> dict[str, int]:
        return {**self.own.counts(), **self.shared.counts()}

    async def _carry(self, key: bytes, new: bytes) -> bool:
        """Copy from one keyspace to the other, over what is there; whether there was anything."""
        value, target = await self._of(key).get(key), self._of(new)
        if value is None:
            return False
        await target.delete([new])
        if isinstance(value, Hash):
            await target.hash_set(new, value.fields)
        elif isinstance(value, List):
            await target.push(new, value.elements)
        else:
            await target.put(new, value)
        if (at := await self._of(key).expiry(key)) is not None:
            await target.expire(new, at)
        return True


def _parted(keys: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Those of this process, and the others."""
    return [key for key in keys if key.startswith(OWN)], [key for key in keys if not key.startswith(OWN)]
