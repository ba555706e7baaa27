"""A tool that does one piece of work and ends, such as a compiler called on a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from gymcc.envs.core.toolchain.process import Process
from gymcc.envs.core.toolchain.tool import Limits, Tool

MAX_OUTPUT = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Finished:
    """What a tool left behind."""

    status: int  # 0 is success; negative: number of the signal that killed it
    out: bytes
    errors: bytes  # the last 64 KiB


def run(
    tool: Tool,
    arguments: Sequence[str],
    *,
    seconds: float,
    stdin: bytes = b"",
    limits: Limits | None = None,
    environment: Mapping[str, str | None] | None = None,
    folder: Path | None = None,
    max_bytes: int = MAX_OUTPUT,
    statuses: Sequence[int] = (0,),
) -> Finished:
    """Run ``tool`` to its end, in ``folder`` or a temporary one.

    Raises :class:`ToolMissing`, :class:`ToolTimeout` after ``seconds``, :class:`ToolFlood` past ``max_bytes`` of output
    and :class:`ToolDied` for an exit status that is not among ``statuses``. Nothing it started survives the call.
    """
    deadline = monotonic() + seconds
    process = Process(
        tool, arguments, limits=limits or Limits(), environment=environment, folder=folder, keep_errors=1 << 16
    )
    try:
        process.send(stdin)
        process.finish_input()
        while not process.closed:
            process.step(deadline)
            process.finish_input()
            process.check_flood(max_bytes)
        status = process.status(deadline)
        if status not in statuses:
            raise process.died()
        return Finished(status, bytes(process.received), bytes(process.errors))
    finally:
        process.stop()
