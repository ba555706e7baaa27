"""What commands need of the keyspace: one operation a method, so that it may lie in this process or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from gymcc.agents.serving.server.errors import NO_MODEL, NO_SCRIPT, NO_TENSOR, WRONG_TYPE, CommandError
from gymcc.agents.serving.server.values import Alias, Array, Model, Script, Tensor, Value

V = TypeVar("V")


class Keyspace(Protocol):
    """What the commands of a DAG need."""

    async def get(self, key: bytes) -> Value | None:
        """What lies at a key; None if nothing does."""

    async def put(self, key: bytes, value: Value) -> None:
        """Replace what lies at a key, which must be of the same kind; refused at the memory bound."""

    async def get_many(self, keys: Sequence[bytes]) -> Sequence[Value | None]:
        """What lies at several keys."""

    async def put_many(self, values: Mapping[bytes, Value]) -> None:
        """:meth:`put` of several, of which some may be put if one is refused."""


class Store(Keyspace, Protocol):
    """A keyspace. Each operation is atomic, and raises :class:`CommandError` where a key holds another kind of value.

    Operations are coroutines for the sake of stores that are elsewhere; one in this process never suspends.
    """

    async def delete(self, keys: Sequence[bytes]) -> int:
        """Remove keys; how many there were."""

    async def exists(self, keys: Sequence[bytes]) -> int:
        """How many of the keys hold something; a key asked for twice counts twice."""

    async def rename(self, key: bytes, new: bytes) -> None:
        """Move a value, over what lay there; raises :class:`CommandError` if there is none."""

    async def copy(self, key: bytes, new: bytes, replace: bool) -> bool:
        """Copy a value; whether it was."""

    async def hash_set(self, key: bytes, pairs: Mapping[bytes, bytes]) -> int:
        """Set fields; how many are new."""

    async def hash_all(self, key: bytes) -> Mapping[bytes, bytes]:
        """All fields in order of insertion; empty if there is no such key."""

    async def hash_delete(self, key: bytes, fields: Sequence[bytes]) -> int:
        """Remove fields; how many there were."""

    async def push(self, key: bytes, elements: Sequence[bytes]) -> int:
        """Append to a list; its length."""

    async def length(self, key: bytes) -> int:
        """Length of a list; 0 if there is no such key."""

    async def slice(self, key: bytes, start: int, stop: int) -> Sequence[bytes]:
        """Elements from ``start`` to ``stop``, both included; negative ones count from the end."""

    async def trim(self, key: bytes, start: int, stop: int) -> None:
        """Keep these elements of a list only."""

    async def expire(self, key: bytes, at: float | None) -> bool:
        """Have a key removed at a time in seconds since 1970, None: never; whether there is such a key."""

    async def expiry(self, key: bytes) -> float | None:
        """When a key will be removed; None: never."""

    async def keys(self) -> Sequence[bytes]:
        """All keys."""

    async def size(self) -> int:
        """How many keys there are, or were until their time came just now."""

    async def models(self) -> Mapping[bytes, Model | Alias | Script]:
        """All models, aliases and scripts."""

    async def items(self) -> Sequence[tuple[bytes, Value, float | None]]:
        """A copy of everything: keys, values, and when they expire in seconds since 1970."""

    async def clear(self) -> None:
        """Remove everything."""

    def sweep(self) -> None:
        """Remove keys whose time has come; called every second."""

    def used(self) -> int:
        """Bytes held, roughly."""

    def bound(self, memory: int, evict: bool) -> None:
        """Set the bytes that may be held, 0: any, and whether tensors are dropped to keep to it."""

    def counts(self) -> dict[str, int]:
        """What INFO says of the keyspace: names and numbers."""


async def get_tensor(store: Keyspace, key: bytes) -> Tensor:
    """The tensor at a key; raises :class:`CommandError`."""
    value = await store.get(key)
    if type(value) is not Tensor:
        raise CommandError(NO_TENSOR if value is None else WRONG_TYPE)
    return value


async def get_arrays(store: Keyspace, keys: Sequence[bytes]) -> list[Array]:
    """Views of the tensors at keys; raises :class:`CommandError`."""
    arrays = []
    for value in await store.get_many(keys):
        if type(value) is not Tensor:
            raise CommandError(NO_TENSOR if value is None else WRONG_TYPE)
        arrays.append(value.array())
    return arrays


async def get_model(store: Keyspace, key: bytes) -> tuple[bytes, Model]:
    """The model at a key or at the one that an alias names, with its own key; raises :class:`CommandError`."""
    value = await store.get(key)
    if type(value) is Alias:
        key = value.target
        value = await store.get(key)
    if type(value) is not Model:
        raise CommandError(NO_MODEL if value is None else WRONG_TYPE)
    return key, value


async def get_script(store: Keyspace, key: bytes) -> Script:
    """The script at a key; raises :class:`CommandError`."""
    value = await store.get(key)
    if type(value) is not Script:
        raise CommandError(NO_SCRIPT if value is None else WRONG_TYPE)
    return value
