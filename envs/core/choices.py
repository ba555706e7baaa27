"""Looking a name up in a table, with an error that says what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

V = TypeVar("V")


def choose(table: Mapping[str, V], name: str, what: str) -> V:
    """``table[name]``, or a ValueError such as ``unknown reward 'x'; allowed: a, b``."""
    if name not in table:
        raise ValueError(f"unknown {what} {name!r}; allowed: {', '.join(table)}")
    return table[name]
