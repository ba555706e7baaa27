"""A tool that runs: bytes in and out without ever waiting past a deadline, and an end that leaves nothing behind."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO

from gymcc.envs.core.toolchain.errors import ToolDied, ToolError, ToolFlood, ToolMissing, ToolTimeout
from gymcc.envs.core.toolchain.tool import Limits, Tool

LAUNCHER = Path(__file__).with_name("launcher.py")
PIECE = 1 << 16
STOP_SECONDS = 10.0  # for the launcher to kill and reap the tool
LAST_WORDS_SECONDS = 2.0  # for a tool that closed its output to end and say why


class Process:
    """One process of a tool behind its launcher, in an own session, with a temporary folder that goes with it.

    ``received`` holds standard output not yet taken, ``errors`` the last ``keep_errors`` bytes of standard error.
    Not thread-safe. A process that was forked off must not use it; see :attr:`foreign`.
    """

    def __init__(
        self,
        tool: Tool,
        arguments: Sequence[str],
        *,
        limits: Limits,
        environment: Mapping[str, str | None] | None = None,
        folder: Path | None = None,
        keep_errors: int = 4096,
    ) -> None:
        """Start; ``folder`` is where it runs (default: its temporary folder), None in ``environment`` unsets."""
        if sys.platform != "linux":
            raise ToolError(tool, f"cannot be run: live compilers need Linux, this is {sys.platform}")
        if not os.access(tool.path, os.X_OK) or not tool.path.is_file():
            raise ToolMissing(tool, f"cannot be run: no executable file there; {tool.install}")
        self.tool, self.keep_errors, self._owner = tool, keep_errors, os.getpid()
        self.received, self.errors, self._outgoing = bytearray(), bytearray(), bytearray()
        self.ended = False  # standard output is closed
        self.scratch = Path(tempfile.mkdtemp(prefix="gymcc-"))
        try:
            command = _command(tool, arguments, limits, self.scratch)
            self._launcher = _launch(command, folder or self.scratch, _environment(environment or {}, self.scratch))
        except BaseException:
            shutil.rmtree(self.scratch)
            raise
        self._finalizer = weakref.finalize(self, _end, self._launcher, self.scratch, self._owner)
        self._in, self._out, self._err = (_unblocked(pipe) for pipe in _pipes(self._launcher))

    @property
    def foreign(self) -> bool:
        """Whether this is the copy in a forked process, which shares the pipes with the owner and may not use them."""
        return os.getpid() != self._owner

    @property
    def alive(self) -> bool:
        """Whether it can still be talked to."""
        return self._finalizer.alive and not self.foreign and not self.ended and self._launcher.poll() is None

    @property
    def closed(self) -> bool:
        """Whether all its output has been read."""
        return self._out.closed and self._err.closed

    def send(self, data: bytes) -> None:
        """Have ``data`` written as the tool takes it, during :meth:`step`."""
        self._outgoing += data

    def finish_input(self) -> None:
        """Close standard input once what :meth:`send` was given is written."""
        if not self._outgoing:
            self._in.close()

    def step(self, deadline: float) -> None:
        """Wait until bytes move either way, or raise :class:`ToolTimeout` at ``deadline`` (of ``time.monotonic``)."""
        if monotonic() > deadline:
            raise ToolTimeout(self.tool, "did not answer in time")
        poll = select.poll()
        for pipe, event in ((self._out, select.POLLIN), (self._err, select.POLLIN), (self._in, select.POLLOUT)):
            if not pipe.closed and (pipe is not self._in or self._outgoing):
                poll.register(pipe, event)
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, deadline - monotonic()) * 1000)}
        if not ready:
            raise ToolTimeout(self.tool, "did not answer in time")
        if not self._in.closed and self._in.fileno() in ready:
            self._write()
        if not self._err.closed and self._err.fileno() in ready:
            self.errors += self._read(self._err)
            del self.errors[: -self.keep_errors]
        if not self._out.closed and self._out.fileno() in ready:
            self.received += self._read(self._out)
            self.ended = self._out.closed

    def check_flood(self, allowed: int) -> None:
        """Raise :class:`ToolFlood` where more than ``allowed`` bytes of output wait."""
        if len(self.received) > allowed:
            raise ToolFlood(self.tool, f"wrote more than {allowed} bytes")

    def status(self, deadline: float) -> int:
        """Wait for the end; the exit status, negative for a signal. Raises :class:`ToolTimeout`."""
        try:
            return self._launcher.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            raise ToolTimeout(self.tool, "closed its output but did not end in time") from None

    def died(self) -> ToolDied:
        """The error that says how it ended; kills it if it only closed its output."""
        deadline = monotonic() + LAST_WORDS_SECONDS
        with suppress(ToolTimeout):
            while not self._err.closed:
                self.step(deadline)
            self.status(deadline)
        self.stop()
        return ToolDied(self.tool, self._launcher.returncode, self.errors.decode(errors="replace"))

    def stop(self) -> None:
        """Kill the tool and all it started, reap it, remove its folder. May be called again."""
        self._finalizer()
        self.ended = True

    def _read(self, pipe: IO[bytes]) -> bytes:
        piece = pipe.read(PIECE)
        if piece == b"":
            pipe.close()
        return piece or b""

    def _write(self) -> None:
        try:
            del self._outgoing[: self._in.write(self._outgoing[:PIECE]) or 0]
        except OSError:  # nobody reads: the end of the output will say why
            self._outgoing.clear()
            self._in.close()


def _command(tool: Tool, arguments: Sequence[str], limits: Limits, scratch: Path) -> list[str]:
    numbers = [str(limit) if limit else "-" for limit in (limits.memory, limits.cpu, limits.file)]
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(scratch), *numbers]
    return [*launcher, str(tool.path), *arguments]


def _launch(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, cwd=folder, env=environment, start_new_session=True
    )


def _pipes(launcher: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    assert launcher.stderr is not None
    return launcher.stdin, launcher.stdout, launcher.stderr


def _unblocked(pipe: IO[bytes]) -> IO[bytes]:
    os.set_blocking(pipe.fileno(), False)
    return pipe


def _environment(changes: Mapping[str, str | None], scratch: Path) -> dict[str, str]:
    """Ours, in the C locale so that output can be read, with temporary files in the folder that is removed."""
    merged = {**os.environ, "LC_ALL": "C", "TMPDIR": str(scratch), **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _end(launcher: subprocess.Popen[bytes], scratch: Path, owner: int) -> None:
    """What :meth:`Process.stop`, the garbage collector and the interpreter's exit do."""
    for pipe in _pipes(launcher):
        with suppress(OSError):
            pipe.close()
    if os.getpid() != owner:
        return
    if launcher.poll() is None:
        launcher.terminate()
        try:
            launcher.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            launcher.kill()  # the tool follows by its death signal
            launcher.wait()
    shutil.rmtree(scratch, ignore_errors=True)
