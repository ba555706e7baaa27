"""The server between the programs of an experiment."""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SOCKET = "gymcc.sock"


@dataclass
class Orchestrator:
    """``gymcc serve``, started and stopped with an experiment.

    With a ``port`` all programs share one server: on this machine on loopback; on a cluster on a node of its own, where
    a password made for the experiment keeps others out. Without one, every node that a program runs on has a server of
    its own behind a Unix socket, the fastest way and the one for compilers: programs of one node meet there, those of
    different nodes do not. ``options``: further ones of ``gymcc serve``, such as ``("--memory", "2gb")``.
    """

    port: int | None = None
    unix_socket: str | None = None
    options: Sequence[str] = ()
    name: str = "orchestrator"
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def __post_init__(self) -> None:
        if self.port is not None and self.unix_socket is not None:
            raise ValueError("an Orchestrator has a port or a unix_socket, not both")
        if self.port is not None and not 0 < self.port < 1 << 16:
            raise ValueError(f"port {self.port}: allowed: 1 to 65535")

    @property
    def shared(self) -> bool:
        """Whether programs of different nodes meet."""
        return self.port is not None

    def on_loopback(self) -> tuple[list[str], str]:
        """The command of a server for this machine, and its address as ``SSDB`` has it."""
        if self.port is not None:
            return self._serve("--port", str(self.port)), f"127.0.0.1:{self.port}"
        socket = self.unix_socket or str(Path(tempfile.mkdtemp(prefix="gymcc-")) / SOCKET)
        return self._serve("--unix", socket), f"unix://{socket}"

    def beside(self) -> list[str]:
        """The command of a server of a node's own, but for its socket."""
        return self._serve()

    def on_network(self) -> list[str]:
        """The command of a server that other nodes reach with the password in ``GYMCC_PASSWORD``.

        TorchScript and scripts, which can run any code, are allowed: only this experiment's programs know the password.
        """
        return self._serve("--host", "0.0.0.0", "--port", str(self.port), "--allow-code")  # noqa: S104

    def _serve(self, *more: str) -> list[str]:
        return [sys.executable, "-m", "gymcc.scripts.main", "serve", *more, *self.options]
