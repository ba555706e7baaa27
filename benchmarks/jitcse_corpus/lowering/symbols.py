"""Numbers for what a method names: static fields, addresses and offsets of fields, in order of first use."""

from __future__ import annotations

from collections.abc import Hashable

from gymcc.envs.jitcse.ir import Type

FIRST_FIELD = 8  # after an object's method table
FIRST_HANDLE, HANDLE_STEP = 4096, 16


class Layout:
    """Offsets for names, aligned like C#'s fields."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        self._end = FIRST_FIELD

    def offset(self, name: str, kind: Type) -> int:
        """The offset of a field."""
        if name not in self._offsets:
            start = -(-self._end // kind.bytes) * kind.bytes
            self._offsets[name] = start
            self._end = start + kind.bytes
        return self._offsets[name]


class Symbols:
    """What a method and the functions inlined into it share."""

    def __init__(self) -> None:
        self._statics: dict[str, int] = {}
        self._handles: dict[Hashable, int] = {}
        self._numbers: dict[str, int] = {}
        self.fields = Layout()

    def static(self, name: str) -> int:
        """The number of a static field."""
        return self._statics.setdefault(name, len(self._statics))

    def number(self, name: str) -> int:
        """A number from 1 for a constant whose value is not known, or for the token of a text."""
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def handle(self, name: Hashable) -> int:
        """The address of a class or text."""
        return self._handles.setdefault(name, FIRST_HANDLE + HANDLE_STEP * len(self._handles))
