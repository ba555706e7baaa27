"""A bounded memo that forgets what was used least recently, and counts its misses."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Mapping of at most ``entries`` items; ``misses`` counts what had to be put in."""

    def __init__(self, entries: int) -> None:
        self.entries = entries
        self.misses = 0
        self._items: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """The value under ``key``, or None."""
        value = self._items.pop(key, None)
        if value is not None:
            self._items[key] = value  # dicts keep insertion order: moved to the young end
        return value

    def put(self, key: K, value: V) -> None:
        """Store a value, dropping the oldest if full."""
        self.misses += 1
        self._items.pop(key, None)
        if len(self._items) >= self.entries:
            self._items.pop(next(iter(self._items)))
        self._items[key] = value

    def __len__(self) -> int:
        return len(self._items)

    def __getstate__(self) -> dict[str, int]:
        return {"entries": self.entries}  # another process starts with an empty memo

    def __setstate__(self, state: dict[str, int]) -> None:
        self.__init__(state["entries"])  # type: ignore[misc]
