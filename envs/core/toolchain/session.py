"""A tool that answers line by line for as long as it lives, such as a compiler's server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Self

from gymcc.envs.core.toolchain.process import Process
from gymcc.envs.core.toolchain.tool import Limits, Tool

MAX_REPLY = 4 * 2**20


class Session:
    """One process; :meth:`ask` sends a line and reads lines until the one that ends the reply.

    After an error the session is closed: what would come next belongs to nobody. Not thread-safe.
    """

    def __init__(
        self,
        tool: Tool,
        arguments: Sequence[str],
        *,
        limits: Limits | None = None,
        environment: Mapping[str, str | None] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start the tool; raises :class:`ToolMissing`."""
        options = {"environment": environment, "folder": folder}
        self._process = Process(tool, arguments, limits=limits or Limits(), **options)  # type: ignore[arg-type]

    @property
    def alive(self) -> bool:
        """Whether another line may be sent; False in a forked copy of the owner."""
        return self._process.alive

    def ask(self, line: str, last: Callable[[str], bool], seconds: float, max_bytes: int = MAX_REPLY) -> list[str]:
        """The lines of the reply, without their ends, up to and including the first for which ``last`` holds.

        Raises :class:`ToolTimeout` after ``seconds``, :class:`ToolDied` where the tool ends first and
        :class:`ToolFlood` past ``max_bytes``.
        """
        if "\n" in line:
            raise ValueError(f"one line is sent at a time, got {line!r}")
        deadline = monotonic() + seconds
        self._process.send(line.encode() + b"\n")
        lines: list[str] = []
        left = max_bytes
        try:
            while not lines or not last(lines[-1]):
                text = self._line(deadline, left)
                left -= len(text) + 1
                lines.append(text)
        except BaseException:  # Ctrl-C too: the rest of the reply would be taken for the next one
            self.close()
            raise
        return lines

    def close(self) -> None:
        """Kill the tool and remove its folder. May be called again."""
        self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self, deadline: float, allowed: int) -> str:
        received = self._process.received
        searched = 0
        while (end := received.find(b"\n", searched)) < 0:
            searched = len(received)
            if self._process.ended:
                raise self._process.died()
            self._process.step(deadline)
            self._process.check_flood(allowed)
        line = received[:end].decode(errors="replace")
        del received[: end + 1]
        return line.removesuffix("\r")
