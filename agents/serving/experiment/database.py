"""The server between the programs of an experiment."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gymcc.agents.serving.experiment.entity import checked_name

SOCKET = "gymcc.sock"


@dataclass
class Orchestrator:
    """``gymcc serve``, started and stopped with an experiment.

    With a ``port`` all programs share one server: on this machine on loopback; on a cluster on a node that it gets as a
    job of its own, where a password made for the experiment keeps others out. Without one the server is behind a Unix
    socket, the fastest way and the one for compilers: on this machine all programs share it, at ``unix_socket`` if that
    is given; on a cluster every program has one on each of its nodes, and meets no other program there.

    ``options``: further ones of ``gymcc serve``, such as ``("--memory", "2gb")``. ``run_args``: options of ``sbatch``
    for the job of a shared server, as :class:`.RunSettings` has them.
    """

    port: int | None = None
    unix_socket: str | None = None
    options: Sequence[str] = ()
    name: str = "orchestrator"
    run_args: Mapping[str, str | int | None] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def __post_init__(self) -> None:
        if self.port is not None and self.unix_socket is not None:
            raise ValueError("an Orchestrator has a port or a unix_socket, not both")
        checked_name(self.name)
        if self.port is not None and not 0 < self.port < 1 << 16:
            raise ValueError(f"port {self.port}: allowed: 1 to 65535")

    def on_loopback(self, scratch: Path) -> tuple[list[str], str]:
        """The command of a server for this machine, and its address as ``SSDB`` has it; ``scratch``: for a socket."""
        if self.port is not None:
            return self._serve("--port", str(self.port)), f"127.0.0.1:{self.port}"
        socket = self.unix_socket or str(scratch / SOCKET)
        return self._serve("--unix", socket), f"unix://{socket}"

    def beside(self) -> list[str]:
        """The command of a server of a node's own, but for its socket."""
        return self._serve()

    def on_network(self) -> list[str]:
        """The command of a server that other nodes reach with the password in ``GYMCC_PASSWORD``, but for its address.

        TorchScript and scripts, which can run any code, are allowed: only this experiment's programs know the password.
        """
        return self._serve("--allow-code")

    def _serve(self, *more: str) -> list[str]:
        return [sys.executable, "-m", "gymcc.scripts.main", "serve", *more, *self.options]
