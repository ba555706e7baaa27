"""Python source under construction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gymcc.envs.ocaml.ir import Position

MAX_DEPTH = 95  # Python takes 100 levels of indentation


class TooDeep(ValueError):
    """The program's tests nest deeper than Python can."""


class Lines:
    """Lines of top-level definitions; one may be written in the middle of another."""

    def __init__(self) -> None:
        self._done: list[tuple[str, Position | None]] = []
        self._open: list[list[tuple[str, Position | None]]] = [[]]
        self._depths = [0]

    @property
    def depth(self) -> int:
        """Levels of indentation here."""
        return self._depths[-1]

    def add(self, text: str, at: Position | None = None) -> None:
        """A line; ``at``: where the source has what can fail in it."""
        self._open[-1].append((" " * self.depth + text, at))

    @contextmanager
    def under(self, header: str) -> Iterator[None]:
        """A line and a suite below it."""
        self.add(header)
        self._depths[-1] += 1
        if self.depth > MAX_DEPTH:
            raise TooDeep(f"tests nested deeper than {MAX_DEPTH} levels")
        start = len(self._open[-1])
        yield
        if len(self._open[-1]) == start:
            self.add("pass")
        self._depths[-1] -= 1

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A definition of its own; it ends up before the one that is being written."""
        self._open.append([])
        self._depths.append(0)
        yield
        self._done += self._open.pop()
        self._depths.pop()

    def finish(self) -> tuple[str, dict[int, Position]]:
        """The source, and by line, from 1, where the program has what can fail there."""
        lines = self._done + self._open[0]
        positions = {number: at for number, (_, at) in enumerate(lines, 1) if at is not None}
        return "\n".join(text for text, _ in lines) + "\n", positions
