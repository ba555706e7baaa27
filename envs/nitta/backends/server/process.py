"""A NITTA server that is ours: started, waited for, and gone with us."""

from __future__ import annotations

import os
import re
import shlex
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from gymcc.envs.core.toolchain import Limits, ToolDied, ToolTimeout, find
from gymcc.envs.core.toolchain.process import Process
from gymcc.envs.nitta.backends.server.connection import Connection
from gymcc.envs.nitta.backends.server.errors import ServerGone

COMMAND = ("stack", "exec", "nitta", "--")
OVERRIDE = "NITTA_RUN_COMMAND_OVERRIDE"  # the variable that NITTA's own Python client looks at
INSTALL = (
    "build NITTA (https://github.com/ryukzak/nitta) and run in its folder, or say in "
    f"{OVERRIDE} what starts it, e.g. 'gymcc nitta serve' for the embedded model"
)
READY = re.compile(rb"Running NITTA server at http://localhost:(\d+)")
CHATTER = 1 << 20  # bytes that it may write before it is ready
POLL_SECONDS = 0.5
PROBE_SECONDS = 0.05
# GHC reserves a terabyte of addresses; what it really takes is bounded by restarting it.
LIMITS = Limits(memory=None)
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}  # without it GHC cannot read or print other letters than ASCII's


def default_command() -> tuple[str, ...]:
    """What starts NITTA: the words of $NITTA_RUN_COMMAND_OVERRIDE, or ``stack exec nitta --``."""
    return tuple(shlex.split(os.environ.get(OVERRIDE, ""))) or COMMAND


class ServerProcess:
    """A server for one program, ready to be asked at ``url``.

    It has a process group of its own, which is killed when this object goes or this process ends, be it by ``kill -9``.
    """

    def __init__(self, command: Sequence[str], arguments: Sequence[str], folder: Path, seconds: float) -> None:
        """Start ``command`` with ``arguments`` in ``folder`` and wait until it answers.

        Raises ToolMissing, ToolDied with its last words, and ToolTimeout where it is not ready within ``seconds``.
        """
        deadline = monotonic() + seconds
        path = Path(command[0])
        tool = find(path.name, INSTALL, path=path if path.parent != Path() else None)
        words = [*command[1:], *arguments]
        self._process = Process(tool, words, limits=LIMITS, environment=ENVIRONMENT, folder=folder)
        try:
            self.url = f"http://127.0.0.1:{self._port(deadline, seconds)}"  # localhost may mean ::1
            Thread(target=_drain, args=(weakref.ref(self._process),), daemon=True).start()
            self._probe(deadline, seconds)
        except BaseException:
            self._process.stop()
            raise

    @property
    def alive(self) -> bool:
        """Whether it can be asked; False in a forked copy of the owner."""
        return self._process.alive

    def stop(self) -> None:
        """Kill it and all it started. May be called again."""
        self._process.stop()

    def _port(self, deadline: float, seconds: float) -> int:
        """The port, once it says that it listens."""
        process = self._process
        while (found := READY.search(process.received)) is None:
            if process.ended:
                died = process.died()
                raise ToolDied(died.tool, died.status, f"{process.received.decode(errors='replace')} {died.said}")
            self._wait(deadline, seconds)
            process.check_flood(CHATTER)
        return int(found[1])

    def _wait(self, deadline: float, seconds: float) -> None:
        try:
            self._process.step(deadline)
        except ToolTimeout:
            what = f"did not say that it listens within {seconds} s"
            raise ToolTimeout(self._process.tool, what) from None

    def _probe(self, deadline: float, seconds: float) -> None:
        """Ask for the root until it answers: the line comes just before it listens."""
        while (left := deadline - monotonic()) > 0:
            connection = Connection(self.url, left)
            try:
                connection.get("/node/-")
                return
            except ServerGone:
                sleep(PROBE_SECONDS)
            finally:
                connection.close()
        raise ToolTimeout(self._process.tool, f"listens, but did not answer within {seconds} s")


def _drain(reference: weakref.ref[Process]) -> None:
    """Read what the server goes on to write, so that it never waits for a reader, for as long as somebody holds it."""
    while (process := reference()) is not None and not process.closed:
        try:
            process.step(monotonic() + POLL_SECONDS)
        except ToolTimeout:
            pass
        except (OSError, ValueError):  # stopped meanwhile
            return
        with suppress(BufferError):
            process.received.clear()
        del process
