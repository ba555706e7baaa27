"""The keyspace in this process: memory is bounded, tensors not used for longest leave first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TypeVar

from gymcc.agents.serving.server.errors import NO_KEY, NO_MEMORY, WRONG_TYPE, CommandError
from gymcc.agents.serving.server.values import Alias, Hash, List, Model, Script, Tensor, Value

Kind = TypeVar("Kind", Hash, List)
SWEPT = 1000  # keys with a time to live that one sweep looks at, at least


class LocalStore:
    """Values by key. ``memory`` bounds their bytes, 0: no bound.

    Past the bound the least recently used plain tensors are dropped if ``evict``; what does not fit then is refused.
    Nothing else is ever dropped: tensors of data sets (``{name}.tensor``), models, hashes and lists belong together.
    ``tensor_ttl`` in seconds removes plain tensors so long after they were put, 0: never.
    """

    def __init__(self, memory: int = 0, evict: bool = True, tensor_ttl: float = 0) -> None:
        self.memory = memory
        self.evict = evict
        self.tensor_ttl = tensor_ttl
        self.evicted = 0
        self.expired = 0
        self._values: dict[bytes, Value] = {}
        self._plain: OrderedDict[bytes, None] = OrderedDict()  # keys of plain tensors, least recently used first
        self._expiry: OrderedDict[bytes, float] = OrderedDict()
        self._used = 0

    def used(self) -> int:
        return self._used

    def bound(self, memory: int, evict: bool) -> None:
        self.memory, self.evict = memory, evict

    def counts(self) -> dict[str, int]:
        return {"evicted_keys": self.evicted, "expired_keys": self.expired}

    async def get(self, key: bytes) -> Value | None:
        return self.find(key)

    async def get_many(self, keys: Sequence[bytes]) -> Sequence[Value | None]:
        return [self.find(key) for key in keys]

    async def put(self, key: bytes, value: Value) -> None:
        self.place(key, value)

    async def put_many(self, values: Mapping[bytes, Value]) -> None:
        self.place_many(values)

    def find(self, key: bytes) -> Value | None:
        """:meth:`get` for those who know that the keyspace is here."""
        value = self._find(key) if self._expiry else self._values.get(key)
        if key in self._plain:
            self._plain.move_to_end(key)
        return value

    def place(self, key: bytes, value: Value) -> None:
        """:meth:`put` for those who know that the keyspace is here."""
        old = self._find(key)
        if type(value) is not Tensor:
            self._place(key, value, old)
        elif key in self._plain and type(old) is Tensor and value.layout is old.layout and not self._expiry:
            self._values[key] = value  # nothing but the numbers changes, which is what most puts are
            self._plain.move_to_end(key)
        else:
            self._place(key, value, old)
            if is_plain(key, value):
                self._plain[key] = None
                self._plain.move_to_end(key)
                if self.tensor_ttl:
                    self._expire(key, time.time() + self.tensor_ttl)

    def place_many(self, values: Mapping[bytes, Value]) -> None:
        """:meth:`put_many` for those who know that the keyspace is here; none if one is of a wrong kind."""
        for key, value in values.items():
            old = self._find(key)
            if old is not None and type(old) is not type(value):
                raise CommandError(WRONG_TYPE)
        for key, value in values.items():
            self.place(key, value)

    async def delete(self, keys: Sequence[bytes]) -> int:
        return sum(self._drop(key) for key in keys)

    async def exists(self, keys: Sequence[bytes]) -> int:
        return sum(self._find(key) is not None for key in keys)

    async def rename(self, key: bytes, new: bytes) -> None:
        value, at = self._find(key), self._expiry.get(key)
        if value is None:
            raise CommandError(NO_KEY)
        if key != new:
            self._drop(key)
            self._drop(new)
            self.place(new, value)
            self._expire(new, at)

    async def copy(self, key: bytes, new: bytes, replace: bool) -> bool:
        value, at = self._find(key), self._expiry.get(key)
        if value is None or key == new or (self._find(new) is not None and not replace):
            return False
        self._drop(new)
        self.place(new, _copied(value))
        self._expire(new, at)
        return True

    async def hash_set(self, key: bytes, pairs: Mapping[bytes, bytes]) -> int:
        held = self._of(key, Hash) or Hash()
        new = [name for name in pairs if name not in held.fields]
        grown = sum(len(value) - len(held.fields.get(name, b"")) for name, value in pairs.items())
        grown += sum(map(len, new))
        self._grow(key, held, grown + Hash.PER_FIELD * len(new))
        held.fields.update(pairs)
        held.size += grown
        return len(new)

    async def hash_all(self, key: bytes) -> Mapping[bytes, bytes]:
        old = self._of(key, Hash)
        return old.fields if old else {}

    async def hash_delete(self, key: bytes, fields: Sequence[bytes]) -> int:
        held = self._of(key, Hash)
        there = {name for name in fields if held and name in held.fields}
        if held and len(there) == len(held.fields):
            self._drop(key)
        elif held:
            freed = sum(len(name) + len(held.fields.pop(name)) for name in there)
            held.size -= freed
            self._used -= freed + Hash.PER_FIELD * len(there)
        return len(there)

    async def push(self, key: bytes, elements: Sequence[bytes]) -> int:
        held = self._of(key, List) or List()
        grown = sum(map(len, elements))
        self._grow(key, held, grown + List.PER_ELEMENT * len(elements))
        held.elements += elements
        held.size += grown
        return len(held.elements)

    async def length(self, key: bytes) -> int:
        old = self._of(key, List)
        return len(old.elements) if old else 0

    async def slice(self, key: bytes, start: int, stop: int) -> Sequence[bytes]:
        old = self._of(key, List)
        return old.elements[_span(start, stop, len(old.elements))] if old else []

    async def trim(self, key: bytes, start: int, stop: int) -> None:
        old = self._of(key, List)
        if old is None:
            return
        kept = old.elements[_span(start, stop, len(old.elements))]
        if kept:
            self._keep(key, List(kept, sum(map(len, kept))), old)
        else:
            self._drop(key)

    async def expire(self, key: bytes, at: float | None) -> bool:
        if self._find(key) is None:
            return False
        self._expire(key, at)
        self._find(key)  # a time that is past removes it at once
        return True

    async def expiry(self, key: bytes) -> float | None:
        return self._expiry.get(key) if self._find(key) is not None else None

    async def keys(self) -> Sequence[bytes]:
        return [key for key in list(self._values) if self._find(key) is not None]

    async def size(self) -> int:
        return len(self._values)

    async def models(self) -> Mapping[bytes, Model | Alias | Script]:
        return {key: value for key, value in self._values.items() if isinstance(value, Model | Alias | Script)}

    async def items(self) -> Sequence[tuple[bytes, Value, float | None]]:
        return [(key, _copied(self._values[key]), self._expiry.get(key)) for key in await self.keys()]

    async def clear(self) -> None:
        self._values.clear()
        self._plain.clear()
        self._expiry.clear()
        self._used = 0

    def sweep(self) -> None:
        """Remove some of the keys whose time has come; called again and again it comes by all of them."""
        now = time.time()
        for key in list(islice(self._expiry, max(SWEPT, len(self._expiry) // 10))):
            if self._expiry[key] <= now:
                self._drop(key)
                self.expired += 1
            else:
                self._expiry.move_to_end(key)

    def _place(self, key: bytes, value: Value, old: Value | None) -> None:
        if old is not None and type(old) is not type(value):
            raise CommandError(WRONG_TYPE)
        self._keep(key, value, old)
        self._expiry.pop(key, None)

    def _find(self, key: bytes) -> Value | None:
        if self._expiry:
            at = self._expiry.get(key)
            if at is not None and at <= time.time():
                self._drop(key)
                self.expired += 1
        return self._values.get(key)

    def _of(self, key: bytes, kind: type[Kind]) -> Kind | None:
        value = self._find(key)
        if value is None or isinstance(value, kind):
            return value
        raise CommandError(WRONG_TYPE)

    def _keep(self, key: bytes, value: Value, old: Value | None) -> None:
        self._charge(value.nbytes() + len(key) if old is None else value.nbytes() - old.nbytes(), key)
        self._values[key] = value

    def _grow(self, key: bytes, held: Hash | List, more: int) -> None:
        """Account for an addition to a value, which may be the first, before it is made."""
        if key not in self._values:
            more += held.nbytes() + len(key)
        self._charge(more, key)
        self._values[key] = held

    def _charge(self, more: int, but: bytes = b"") -> None:
        """Account for so many more bytes, dropping tensors other than ``but`` if need be."""
        if more > 0 and self.memory and self._used + more > self.memory:
            self._make_room(self._used + more - self.memory, but)
        self._used += more

    def _make_room(self, wanted: int, but: bytes) -> None:
        victims = []
        for key in self._plain if self.evict else ():
            if wanted <= 0:
                break
            if key != but:
                victims.append(key)
                wanted -= self._values[key].nbytes() + len(key)
        if wanted > 0:  # all would be lost, and for nothing
            raise CommandError(NO_MEMORY)
        for key in victims:
            self._drop(key)
        self.evicted += len(victims)

    def _drop(self, key: bytes) -> bool:
        value = self._values.pop(key, None)
        if value is None:
            return False
        self._used -= value.nbytes() + len(key)
        self._plain.pop(key, None)
        self._expiry.pop(key, None)
        return True

    def _expire(self, key: bytes, at: float | None) -> None:
        if at is None:
            self._expiry.pop(key, None)
        else:
            self._expiry[key] = at


def is_plain(key: bytes, value: Value) -> bool:
    """Whether it is a tensor of its own, not one of a data set's, whose keys are ``{name}.tensor``."""
    return type(value) is Tensor and b"}." not in key


def _copied(value: Value) -> Value:
    if isinstance(value, Hash):
        return Hash(dict(value.fields), value.size)
    return List(list(value.elements), value.size) if isinstance(value, List) else value


def _span(start: int, stop: int, length: int) -> slice:
    """Redis's range, both ends included and negative ones from the end, as Python's."""
    first = max(0, start + length if start < 0 else start)
    return slice(first, max(first, (stop + length if stop < 0 else stop) + 1))
