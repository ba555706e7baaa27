"""Results that are at hand, so that nothing is computed twice between two calls, after ``asmcomp/CSEgen.ml``."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from gymcc.envs.ocaml.cost.prices import C_CALLS, COMPARISONS, RAW
from gymcc.envs.ocaml.ir import Field, Operation, Prim
from gymcc.envs.ocaml.primitives import Effect, Primitive

Key: TypeAlias = tuple[Hashable, ...]
Mark: TypeAlias = tuple[int, int, int]

_INLINE = frozenset(each for each in Primitive if each not in C_CALLS | COMPARISONS | RAW)
SHARED = frozenset(each for each in _INLINE if not each.effect & (Effect.WRITES | Effect.ALLOCATES))


def key_of(operation: Operation) -> Key | None:
    """What two operations share if one need not be done after the other; None for those that are always done.

    Those on doubles are: instructions take them from memory, and their results' registers are theirs.
    """
    if isinstance(operation, Prim):
        return (operation.primitive, *operation.args) if operation.primitive in SHARED else None
    if isinstance(operation, Field) and not operation.shape.flat:
        return load_key(operation.of, operation.index)
    return None


def load_key(block: Hashable, index: int) -> Key:
    """That of the load of a field."""
    return index, block


def reads(operation: Operation) -> bool:
    """Whether a store in between makes a difference."""
    if isinstance(operation, Field):
        return operation.shape.fields[operation.index].mutable
    return isinstance(operation, Prim) and bool(operation.primitive.effect & Effect.READS)


class Common:
    """What has been computed on the way to here since all was forgotten last, by key."""

    __slots__ = ("_found", "_last", "_memory", "_point", "_trail")

    def __init__(self) -> None:
        self._found: dict[Key, tuple[int, int, int]] = {}  # since when, after which store, in which variable
        self._trail: list[tuple[Key, tuple[int, int, int] | None]] = []
        self._point = self._memory = self._last = 0

    def again(self, key: Key, reads: bool) -> int | None:
        """The variable that has the result, None if it must be computed."""
        found = self._found.get(key)
        if found is None or found[0] != self._point or (reads and found[1] != self._memory):
            return None
        return found[2]

    def computed(self, key: Key, variable: int) -> None:
        """A result is in a variable."""
        self._trail.append((key, self._found.get(key)))
        self._found[key] = self._point, self._memory, variable

    def forget(self) -> None:
        """All is forgotten: at calls, where ways meet, and in loops."""
        self._last += 1
        self._point = self._last

    def stored(self) -> None:
        """Something was stored."""
        self._last += 1
        self._memory = self._last

    def mark(self) -> Mark:
        """Where ways part."""
        return self._point, self._memory, len(self._trail)

    def back(self, mark: Mark) -> None:
        """To where ways part, for the next of them."""
        self._point, self._memory, length = mark
        while len(self._trail) > length:
            key, before = self._trail.pop()
            if before is None:
                del self._found[key]
            else:
                self._found[key] = before
