"""What can go wrong with a live compiler; each message names the tool, where it lies and what to do."""

from __future__ import annotations

import signal

from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.toolchain.tool import Tool

LAST_WORDS = 400  # characters of the tool's own words that a message quotes


class ToolError(BackendError):
    """A tool did not do its work; ends an episode, never a training run."""

    def __init__(self, tool: Tool, what: str) -> None:
        super().__init__(tool, what)  # so that the error can be pickled
        self.tool, self.what = tool, what

    def __str__(self) -> str:
        return f"{self.tool} {self.what}"


class ToolMissing(ToolError):
    """There is no such program, or it cannot be run; the message says how to get it."""


class ToolTimeout(ToolError):
    """The tool did not answer in time; it has been killed, or should be."""


class ToolFlood(ToolError):
    """The tool wrote more than it may."""


class ToolDied(ToolError):
    """The tool ended before its work was done; ``status`` as :class:`subprocess.Popen` has it, negative for signals."""

    def __init__(self, tool: Tool, status: int, said: str = "") -> None:
        how = f"was killed by {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        words = " ".join(said.split())[-LAST_WORDS:]
        super().__init__(tool, how + (f", saying: {words}" if words else ""))
        self.status, self.said = status, said

    def __reduce__(self) -> tuple[type[ToolDied], tuple[Tool, int, str]]:
        return ToolDied, (self.tool, self.status, self.said)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
