"""What all producers upload, as it comes: one reader for whoever learns from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from gymcc.agents.config import Uploads
from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.errors import ServingError
from gymcc.agents.serving.online.sources import Batch, ListSource
from gymcc.agents.serving.protocol.address import Settings

T = TypeVar("T")
POLL = 0.05  # seconds between looks
MINUTE = 60.0  # seconds


class Stream(Generic[T]):
    """What ``read`` makes of the batches that are new, from every producer of ``SSKEYIN``, or from anybody without it.

    A batch that ``read`` refuses by a ValueError is counted (``refused``) and passed over: one worker of another
    version does not end a training. While the server is away there is nothing new.
    """

    def __init__(self, wanted: Uploads, read: Callable[[Batch], list[T]]) -> None:
        client = Client(address=wanted.address)
        producers = Settings.from_environment(address=wanted.address).key_in or ("",)
        self._sources = [ListSource(client, wanted.list, each, consume=wanted.consume) for each in producers]
        self._wanted, self._read = wanted, read
        self._heard: float | None = None  # when something came last, or the first look was
        self._looked = 0.0  # when the last look was: between looks nobody can know
        self.refused = 0

    def fetch(self) -> list[T]:
        """What has come since the last look."""
        found: list[T] = []
        for source in self._sources:
            try:
                batches = source.fetch()
            except ServingError:  # the server is away, or was started anew: the next look will tell
                continue
            for batch in batches:
                try:
                    found += self._read(batch)
                except ValueError:
                    self.refused += 1
        self._looked = time.monotonic()
        if found or self._heard is None:
            self._heard = self._looked
        return found

    def wait(self) -> list[T]:
        """As :meth:`fetch`, waiting for as long as the source is patient; nothing where nothing came."""
        until = time.monotonic() + self._wanted.patience
        while not (found := self.fetch()) and time.monotonic() < until:
            time.sleep(POLL)
        return found

    def ended(self) -> str | None:
        """Why no more is to be expected, in words for the user; None while more may come."""
        if self._heard is None or self._looked - self._heard < self._wanted.idle_minutes * MINUTE:
            return None
        minutes = f"{self._wanted.idle_minutes:g} minutes (data.idle_minutes)"
        return f"nothing that can be learned from was uploaded to {self._wanted.list!r} for {minutes}"
