"""What is known of a program before it is started, and what it may use while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Tool:
    """A program on this machine."""

    name: str
    path: Path  # absolute
    install: str  # how to get it, for messages: an imperative without a full stop
    version: str = ""  # what it says of itself

    def __str__(self) -> str:
        return f"{self.name} {self.version or '(version unknown)'} at {self.path}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Resources of one process of a tool, per ``setrlimit``; None leaves the limit of the parent."""

    memory: int | None = 16 * GIB  # bytes of address space
    cpu: int | None = None  # seconds of processor time
    file: int | None = 4 * GIB  # bytes of any file written
