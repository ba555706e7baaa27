"""What of a random program has been written so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

MAX_LEVEL = 5  # of functions: paths from the top level have at most one call more
MAX_WORK = 400  # calls that one call may lead to


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that can be called: types of parameters and result, its level above what it calls, and its work.

    ``work``: calls that one call leads to, itself included, at most. ``given``: arguments that must stand before
    those of ``params``, e.g. a record of functions.
    """

    name: str
    params: tuple[str, ...]
    result: str
    level: int
    work: int
    given: tuple[str, ...] = ()


@dataclass(slots=True)
class World:
    """The lines of the program, what can be called, and how many functions and calls there are."""

    random: Random
    lines: list[str] = field(default_factory=list)
    callees: list[Callee] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    sites: int = 0
    functions: int = 0
    _names: int = 0

    def fresh(self, stem: str) -> str:
        """A name that nothing has yet."""
        self._names += 1
        return f"{stem}{self._names}"

    def declare(self, name: str, text: str) -> None:
        """Define a type, once."""
        if name not in self.types:
            self.types.add(name)
            self.lines.append(f"type {name} = {text}")

    def define(self, text: str, callee: Callee | None = None, functions: int = 1) -> None:
        """Add a definition of so many functions; what it can be called as, if it is to be."""
        self.lines.append(text)
        self.functions += functions
        if callee is not None:
            self.callees.append(callee)

    def callable(self, result: str, below: int, work: int) -> list[Callee]:
        """What can be called for a result from a function of level ``below``, without more than ``work`` calls."""
        return [each for each in self.callees if each.result == result and each.level < below and each.work <= work]
