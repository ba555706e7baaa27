"""What handlers work on: the server's parts, and the connection that a request came by."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from gymcc.agents.serving.server.limits import Settings
from gymcc.agents.serving.server.models import Host
from gymcc.agents.serving.server.retries import Retries
from gymcc.agents.serving.server.statistics import Statistics
from gymcc.agents.serving.server.store import Store

Args = Sequence[bytes]  # of a request, its name included
VERSION = "7.0.0"  # of Redis, whose commands are followed; clients look at it


class Peer(Protocol):
    """The transport's side of a connection."""

    def address(self) -> tuple[str, int]:
        """Where the client reached the server: host and port; empty and 0 on a unix socket."""

    def gone(self) -> bool:
        """Whether the client has closed its side."""

    def close(self) -> None:
        """End the connection once replies are sent."""

    def silent(self) -> int:
        """How often this was asked since the client was heard of, the times aside when it was waiting."""

    def stuck(self) -> int:
        """How often this was asked since the client took a byte of replies that wait, or went on with a request."""

    def abort(self) -> None:
        """End the connection now."""


@dataclass(eq=False, slots=True)
class Session:
    """One connection, as commands see it."""

    server: Server
    id: int
    peer: Peer
    trusted: bool  # past the password, or needs none
    loading: bool = False  # what a snapshot holds: models are put uncompiled
    name: bytes = b""
    last: bytes = b""  # the latest command's name, in capitals
    since: float = field(default_factory=time.monotonic)


@dataclass(eq=False, slots=True)
class Server:
    """The parts of a running server."""

    settings: Settings
    store: Store
    host: Host
    statistics: Statistics = field(default_factory=Statistics)
    retries: Retries = field(default_factory=Retries)
    sessions: dict[int, Session] = field(default_factory=dict)
    save: Callable[[], Awaitable[None]] | None = None  # write the snapshot; None: there is none
    saved: float = 0  # when, in seconds since 1970
    saving: bool = False


Handler = Callable[[Session, Store, Args], Awaitable[bytes]]


class Command(NamedTuple):
    """A command's handler and how many words it takes, its name included; ``most`` 0: any number."""

    handler: Handler
    least: int
    most: int = 0
