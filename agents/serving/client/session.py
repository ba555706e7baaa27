"""What all families of a client's methods stand on: sending commands by a deadline, names with prefixes, polling."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any, TypeVar

from gymcc.agents.serving.client.connection import Command, Connection, checked
from gymcc.agents.serving.client.errors import ProtocolError, shown
from gymcc.agents.serving.protocol import names
from gymcc.agents.serving.protocol.address import Address, Settings
from gymcc.agents.serving.protocol.resp import Part

T = TypeVar("T")
_KINDS = ("tensor", "model", "list", "dataset")


class _Limit(threading.local):
    """The deadline of what a thread is doing, of ``time.monotonic``."""

    until = inf


class Session:
    """A connection, the prefixes of an ensemble and the deadline of what is under way."""

    def __init__(self, address: Address, settings: Settings) -> None:
        self._settings, self._connection = settings, Connection(address, settings)
        self._limit = _Limit()
        self._source = settings.key_in[0] if settings.key_in else ""
        self._prefixed = {kind: kind != "model" for kind in _KINDS}

    # Prefixes

    def set_data_source(self, source_id: str) -> None:
        """Read what the ensemble's member ``source_id`` writes; raises ValueError if SSKEYIN does not name it."""
        if source_id not in self._settings.key_in:
            allowed = ", ".join(self._settings.key_in) or "none"
            raise ValueError(f"data source {source_id!r} is not in SSKEYIN; allowed: {allowed}")
        self._source = source_id

    def use_tensor_ensemble_prefix(self, use_prefix: bool) -> None:
        """Whether tensors' names get the ensemble's prefix; they do from the start."""
        self._prefixed["tensor"] = use_prefix

    def use_dataset_ensemble_prefix(self, use_prefix: bool) -> None:
        """Whether datasets' names get the ensemble's prefix; they do from the start."""
        self._prefixed["dataset"] = use_prefix

    def use_list_ensemble_prefix(self, use_prefix: bool) -> None:
        """Whether lists' names get the ensemble's prefix; they do from the start."""
        self._prefixed["list"] = use_prefix

    def use_model_ensemble_prefix(self, use_prefix: bool) -> None:
        """Whether models' and scripts' names get the ensemble's prefix; they do not from the start."""
        self._prefixed["model"] = use_prefix

    def _written(self, kind: str) -> str:
        """The prefix of what is written."""
        return self._settings.key_out if self._prefixed[kind] else ""

    def _read(self, kind: str) -> str:
        """The prefix of what is read."""
        return self._source if self._prefixed[kind] else ""

    def _model_key(self, prefix: str, name: str) -> Part:
        key = names.prefixed(prefix, named(name))
        return names.shard_key(0, key) if self._settings.clustered else key

    # Commands

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """All that is done inside ends by ``seconds`` from now, instead of each operation by the client's own limit."""
        before = self._limit.until
        self._limit.until = min(before, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._limit.until = before

    @contextmanager
    def _operation(self) -> Iterator[None]:
        """One method of the client, of several exchanges perhaps, has one deadline."""
        if self._limit.until < inf:
            yield
        else:
            with self.within(self._settings.command_timeout):
                yield

    def _call(self, *command: Part) -> Any:
        """The reply to one command; raises :class:`.errors.ServingError`."""
        return self._pipeline([command])[0]

    def _expect(self, kind: type[T], *command: Part) -> T:
        """The reply to one command, of ``kind``; raises :class:`.errors.ServingError`."""
        reply = self._call(*command)
        if not isinstance(reply, kind):
            raise ProtocolError(f"{shown(command)}: the answer is {reply!r:.60}, no {kind.__name__}")
        return reply

    def _pipeline(self, commands: Sequence[Command], repeatable: bool | None = None) -> list[Any]:
        """The replies to commands sent in one write; raises the first refusal among them."""
        if not commands:
            return []
        with self._operation():
            replies = self._connection.run(commands, self._limit.until, repeatable)
        return [checked(command, reply) for command, reply in zip(commands, replies, strict=True)]

    def _poll(self, ready: Callable[[], bool], poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether ``ready`` was true in one of ``num_tries`` looks, ``poll_frequency_ms`` apart."""
        if poll_frequency_ms < 0 or num_tries < 1:
            raise ValueError(f"poll every 0 ms or more, once or more; got {poll_frequency_ms} ms, {num_tries} tries")
        for attempt in range(num_tries):
            if attempt:
                time.sleep(poll_frequency_ms / 1e3)
            if ready():
                return True
        return False


def named(name: str) -> str:
    """``name``; raises ValueError if it is none."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"a name is a text that is not empty, got {name!r}")
    return name


def listed(names_: str | Sequence[str] | None) -> list[str]:
    """One name, several or none, as a list."""
    return [] if names_ is None else [names_] if isinstance(names_, str) else list(names_)
