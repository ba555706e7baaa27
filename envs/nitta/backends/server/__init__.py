"""A live NITTA server as the source of synthesis trees: it is started for a program, or reached at a URL.

:class:`NittaServer` gives the root of a program's tree, and every node has the attributes of the embedded model's, so
that searches work on either; :class:`gymcc.envs.nitta.backends.server.problem.LiveNitta` is the environment's problem
over such trees (``backend="server"``). A node that the server cannot evaluate is ``crashed`` and is passed
over; only a server that is gone, late or talks nonsense ends an episode, by a BackendError.

>>> with NittaServer(program, settings=ServerSettings(folder=Path("~/nitta").expanduser())) as server:
...     [option.decision.kind for option in server.root().options]
"""

from __future__ import annotations

from gymcc.envs.nitta.backends.server.connection import Connection
from gymcc.envs.nitta.backends.server.errors import (
    MalformedAnswer,
    NodeUnavailable,
    ServerError,
    ServerGone,
    ServerTimeout,
)
from gymcc.envs.nitta.backends.server.node import RemoteNode, RemoteTree, UnknownRemoteNode
from gymcc.envs.nitta.backends.server.process import ServerProcess
from gymcc.envs.nitta.backends.server.server import NittaServer, ServerSettings

__all__ = [
    "Connection",
    "MalformedAnswer",
    "NittaServer",
    "NodeUnavailable",
    "RemoteNode",
    "RemoteTree",
    "ServerError",
    "ServerGone",
    "ServerProcess",
    "ServerSettings",
    "ServerTimeout",
    "UnknownRemoteNode",
]
