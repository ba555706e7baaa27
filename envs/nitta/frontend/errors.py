"""Where something stands in a Lua source, and the error that says so."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """A place in a source text; both count from 1."""

    line: int
    column: int


class LuaError(ValueError):
    """The source is not in the supported subset of Lua: what was found, where, and what is allowed."""

    def __init__(self, message: str, at: Position) -> None:
        super().__init__(message, at)
        self.message = message
        self.at = at

    def __str__(self) -> str:
        return f"line {self.at.line}, column {self.at.column}: {self.message}"
