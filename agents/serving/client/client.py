"""The client: all families of methods over one connection."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from gymcc.agents.serving.client.admin import AdminMethods
from gymcc.agents.serving.client.datasets import ListMethods
from gymcc.agents.serving.client.errors import ProtocolError
from gymcc.agents.serving.client.published import PublishedMethods
from gymcc.agents.serving.protocol.address import Settings


class Client(AdminMethods, ListMethods, PublishedMethods):
    """A connection to the orchestrator, with the methods of SmartRedis 0.6.1's client.

    ``address``: ``host:port`` or ``unix://path``, or several with commas, of which one is taken; without one,
    ``SSDB`` (``SSDB_suffix`` with ``suffix``) says where the server is and ``SR_DB_TYPE`` whether keys have the forms
    of a cluster, unless ``cluster`` says so. ``timeout``: seconds that one operation may take, reconnecting included.
    Other settings are read from the environment, see :class:`~gymcc.agents.serving.protocol.address.Settings`.
    Raises ValueError for bad settings and :class:`.errors.ServingError` if no server answers.
    """

    def __init__(
        self,
        address: str | None = None,
        cluster: bool | None = None,
        *,
        timeout: float | None = None,
        password: str | None = None,
        suffix: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        settings = Settings.from_environment(suffix, environ, address)
        if cluster is not None:
            settings = replace(settings, clustered=cluster)
        if timeout is not None:
            if not timeout > 0:
                raise ValueError(f"timeout is a positive number of seconds, got {timeout}")
            settings = replace(settings, command_timeout=timeout)
        if password is not None:
            settings = replace(settings, password=password)
        super().__init__(random.choice(settings.addresses), settings)
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({str(self._connection.address)!r}, cluster={self._settings.clustered})"

    def close(self) -> None:
        """Hang up; whatever is done next connects again."""
        self._forget_scratch()
        self._connection.close()

    def _begin(self) -> None:
        """See that there is a server, and that one server answers for all keys."""
        if not self._settings.clustered:
            self._call("PING")
        elif len(shards := self._expect(list, "CLUSTER", "SLOTS")) != 1:
            self.close()
            raise ProtocolError(
                f"{self._connection.address} is one of {len(shards)} shards; connect to `gymcc serve --store redis://…`"
                " in front of them"
            )
