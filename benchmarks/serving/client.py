"""The client that measures: in C, on the header that is shipped, compiled here and now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from gymcc.envs.core.toolchain import Tool, find, run

INSTALL = "install a C compiler (Debian: gcc and libc6-dev), with which the client that measures is made"
COMPILE_SECONDS = 120.0
PATIENCE = 60.0  # seconds past its own time for a client on a busy machine
WARM_UP = 0.2  # share of the measured time


@dataclass(frozen=True, slots=True)
class Task:
    """Who asks whom for what; see ``measure.c``."""

    address: str
    kind: str
    model: str = "mlp"
    clients: int = 1
    connections: int = 1  # of each client


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests of one or several runs."""

    p50_us: float
    p95_us: float
    requests_per_s: float
    server_cpu_us: float | None = None  # per request


class Client:
    """The compiled program."""

    def __init__(self, header: Path, folder: Path) -> None:
        """``header``: the folder of gymcc.h. Raises :class:`ToolMissing` where there is no compiler."""
        compiler = find("cc", INSTALL)
        source, program = Path(__file__).with_name("measure.c"), folder / "measure"
        arguments = ["-O2", "-std=c99", "-I", str(header), "-o", str(program), str(source)]
        run(compiler, arguments, seconds=COMPILE_SECONDS)
        self._tool = Tool("measure", program, "it has just been compiled")

    def measure(self, task: Task, seconds: float) -> tuple[Measured, int]:
        """What was measured, and how many requests there were with those of the warm-up; raises :class:`ToolError`."""
        words = [task.address, task.kind, task.model, task.clients, task.connections, WARM_UP * seconds, seconds]
        done = run(self._tool, [str(word) for word in words], seconds=2 * seconds + PATIENCE)
        told = json.loads(done.out)
        return Measured(told["p50_us"], told["p95_us"], told["requests"] / seconds), told["sent"]


def over_rounds(rounds: list[Measured]) -> Measured:
    """The medians, of a machine on which other programs come and go."""
    cpu = [each.server_cpu_us for each in rounds if each.server_cpu_us is not None]
    return Measured(
        median(each.p50_us for each in rounds),
        median(each.p95_us for each in rounds),
        median(each.requests_per_s for each in rounds),
        median(cpu) if cpu else None,
    )
