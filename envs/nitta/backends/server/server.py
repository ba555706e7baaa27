"""The synthesis tree of one program, from a NITTA server that is started, watched and restarted, or from a URL."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from gymcc.envs.nitta.backends.server.connection import Connection
from gymcc.envs.nitta.backends.server.errors import MalformedAnswer, ServerError, ServerGone, ServerTimeout
from gymcc.envs.nitta.backends.server.node import Asked, RemoteNode, RemoteTree
from gymcc.envs.nitta.backends.server.process import ServerProcess, default_command
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.toml import dump_microarchitecture

DEBUG = "/node/-/debug"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How to reach a NITTA server.

    ``url`` of one that runs; empty to start ``command`` (empty: :func:`default_command`) in ``folder``, the root of
    NITTA's repository. ``seconds`` for an answer, ``start_seconds`` until it is ready. A server that is ours is
    restarted after ``restart_every`` episodes (0: never), as NITTA keeps every node it has ever derived.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    folder: Path = Path()
    seconds: float = 60.0
    start_seconds: float = 120.0
    restart_every: int = 200

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.start_seconds > 0):
            raise ValueError(f"seconds and start_seconds are positive, got {self.seconds} and {self.start_seconds}")
        if self.restart_every < 0:
            raise ValueError(f"restart_every is a number of episodes, 0 for never, got {self.restart_every}")
        if self.url:
            Connection(self.url, self.seconds).close()


class NittaServer:
    """The tree of ``program`` as a server gives it, started when first asked; ``starts`` counts how often.

    Not thread-safe; a copy in another process starts a server of its own.
    """

    _process: ServerProcess | None
    _connection: Connection | None
    _tree: RemoteTree | None

    def __init__(
        self,
        program: Program,
        microarchitecture: Microarchitecture = DEFAULT,
        settings: ServerSettings | None = None,
    ) -> None:
        self.settings = settings or ServerSettings()
        if not self.settings.url and not program.source:
            raise ValueError(f"program {program.name!r} has no Lua source to start a server with")
        self.program, self.microarchitecture = program, microarchitecture
        self.starts = 0
        self._forget()

    def root(self) -> RemoteNode:
        """The root, for a new episode. Nodes from before a restart go on to work.

        Raises BackendError where there is no server, or one for another program.
        """
        if not self.settings.url and 0 < self.settings.restart_every <= self._episodes:
            self.close()
        connection = self._ready()
        if self._tree is None:
            self._check_program(connection)
            self._tree = RemoteTree(self)
        root = self._tree.root
        self._episodes += 1
        return root

    @property
    def url(self) -> str:
        """Where the server listens; empty while there is none."""
        return self._connection.url if self._connection else ""

    def get(self, path: str) -> Any:
        """The JSON at ``path``, as :meth:`Connection.get`."""
        return self._asked(lambda connection: connection.get(path))

    def post(self, path: str) -> Any:
        """As :meth:`get`, with POST."""
        return self._asked(lambda connection: connection.post(path))

    def close(self) -> None:
        """End the server, if it is ours, and the connection; another request opens them anew."""
        if self._owner == os.getpid():
            if self._connection:
                self._connection.close()
            if self._process:
                self._process.stop()
        self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("settings", "program", "microarchitecture", "starts")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def _forget(self) -> None:
        self._owner, self._episodes = os.getpid(), 0
        self._process = self._connection = self._tree = None

    def _ready(self) -> Connection:
        """The connection to a server that lives, which is started now if there is none."""
        if self._owner != os.getpid() or (self._process and not self._process.alive):
            self.close()
        if self._connection is None:
            self._connection = Connection(self.settings.url or self._started(), self.settings.seconds)
        return self._connection

    def _started(self) -> str:
        """The URL of a new server."""
        settings = self.settings
        with TemporaryDirectory(prefix="gymcc-nitta-") as folder:
            program = Path(folder) / f"{self.program.name.replace('/', '-')}.lua"
            program.write_text(self.program.source, encoding="utf-8")
            arguments = ["-p=0", "--method=NoSynthesis", f"-t={self.program.number_type}"]
            if self.microarchitecture != DEFAULT:
                uarch = Path(folder) / "uarch.toml"
                uarch.write_text(dump_microarchitecture(self.microarchitecture, self.program.number_type))
                arguments.append(f"--uarch={uarch}")
            command = settings.command or default_command()
            arguments.append(str(program))
            self._process = ServerProcess(command, arguments, settings.folder.absolute(), settings.start_seconds)
        self.starts += 1
        return self._process.url

    def _asked(self, request: Callable[[Connection], Any]) -> Any:
        try:
            return request(self._ready())
        except (ServerGone, ServerTimeout):
            self.close()  # so that the next request starts another, if it is ours
            raise

    def _check_program(self, connection: Connection) -> None:
        """Raise :class:`ServerError` unless the server synthesises this program."""
        found = function_texts(connection)
        wanted = {function.text for function in self.program.functions}
        if found != wanted:
            odd = min(found ^ wanted)
            owner = self.program.name if odd in wanted else "the server"
            raise ServerError(DEBUG, f"it is for another program than {self.program.name}: only {owner} has {odd}")


def function_texts(server: Asked) -> set[str]:
    """The functions of the program that a server has, as it prints them. Raises BackendError."""
    page = server.get(DEBUG)
    try:
        return {str(text) for text, _ in page["dbgFunctionLocks"]}
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer(DEBUG, f"no functions there ({error!r})") from error
