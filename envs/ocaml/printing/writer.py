"""Text under construction that knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gymcc.envs.ocaml.ir import Path, Position


class Writer:
    """Collects text; ``calls`` are the places of calls."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._depth = 0
        self.calls: dict[tuple[Path, int], list[Position]] = {}

    def put(self, text: str) -> None:
        """Append to the line."""
        self._line += text

    def call(self, path: Path, site: int) -> None:
        """Note that the head of a call comes next."""
        place = Position(len(self._lines) + 1, len(self._line))
        self.calls.setdefault((path, site), []).append(place)

    def newline(self) -> None:
        """Begin a line."""
        self._lines.append(self._line)
        self._line = "  " * min(self._depth, 30)

    def line(self, text: str) -> None:
        """A whole line."""
        self.put(text)
        self.newline()

    @contextmanager
    def indented(self) -> Iterator[None]:
        """Lines begun inside stand further right."""
        self._depth += 1
        yield
        self._depth -= 1

    def text(self) -> str:
        """All of it."""
        return "\n".join([*self._lines, self._line]).rstrip() + "\n"
