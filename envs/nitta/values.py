"""Values: frozen objects that remember what was computed from them, and are cheap to change in a copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class remembered(Generic[T]):  # noqa: N801 (a decorator)
    """``functools.cached_property`` without its lock, which costs more than what is computed here."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> T: ...
    def __get__(self, owner: object | None, kind: type) -> T | Self:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.compute(owner)
        return value


@dataclass(frozen=True, eq=False)
class Value:
    """Base of frozen dataclasses that are equal by their fields.

    Not slotted: what is :class:`remembered` lives beside the fields. ``dataclasses.replace`` checks and assigns each
    field; :meth:`but` takes a quarter of its time.
    """

    def but(self, **changes: Any) -> Self:
        """A copy with some fields changed and nothing remembered."""
        copy = object.__new__(type(self))
        mine, its = self.__dict__, copy.__dict__
        for name in _names(type(self)):
            its[name] = mine[name]
        its.update(changes)
        return copy

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that it is compared by."""
        return _compared(type(self))

    @remembered
    def key(self) -> tuple[Any, ...]:
        """What it is compared by."""
        mine = self.__dict__
        return tuple(mine[name] for name in self.names)

    @remembered
    def _hash(self) -> int:
        return hash(self.key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Value) and type(self) is type(other) and self.key == other.key


_NAMES: dict[type, tuple[str, ...]] = {}
_COMPARED: dict[type, tuple[str, ...]] = {}


def _names(kind: type[Value]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]


def _compared(kind: type[Value]) -> tuple[str, ...]:
    if kind not in _COMPARED:
        _COMPARED[kind] = tuple(field.name for field in fields(kind) if field.compare)
    return _COMPARED[kind]
