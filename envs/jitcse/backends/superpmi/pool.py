"""Several superpmi processes, and a list of the methods that none of them can cope with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import LifoQueue
from typing import Any, TypeVar

from gymcc.envs.jitcse.backends.superpmi.client import RETRIES, SECONDS, Client
from gymcc.envs.jitcse.backends.superpmi.corpus import Corpus
from gymcc.envs.jitcse.backends.superpmi.errors import MethodUnusable, Quarantined

T = TypeVar("T")
WINDOW = 64  # methods handed to each process before results are passed on


class Pool:
    """At most ``processes`` clients, started as they are needed. Thread-safe; a copy in another process starts its own.

    A method that cannot be used is put into ``quarantined`` with the reason and not asked for again: the other
    methods go on.
    """

    def __init__(self, corpus: Corpus, processes: int = 1, seconds: float = SECONDS, retries: int = RETRIES) -> None:
        if processes < 1:
            raise ValueError(f"processes is a number from 1, got {processes}")
        if not seconds > 0:
            raise ValueError(f"seconds is a positive number, got {seconds}")
        self.corpus, self.processes, self.seconds, self.retries = corpus, processes, seconds, retries
        self.quarantined: dict[int, str] = {}
        self._fill()

    def ask(self, index: int, work: Callable[[Client], T]) -> T:
        """Have a client do ``work`` on method ``index``. Raises :class:`MethodUnusable`, and quarantines the method."""
        if reason := self.quarantined.get(index):
            raise Quarantined(index, f"quarantined: {reason}")
        try:
            return self.borrow(work)
        except MethodUnusable as error:
            self.quarantined[index] = error.reason
            raise

    def borrow(self, work: Callable[[Client], T]) -> T:
        """Have a client do ``work``, when one is free."""
        if self._owner != os.getpid():
            self._fill()
        clients = self._clients
        client = clients.get()
        try:
            return work(client)
        finally:
            clients.put(client)

    def each(
        self, indexes: Iterable[int], work: Callable[[Client, int], T]
    ) -> Iterator[tuple[int, T | MethodUnusable]]:
        """``work`` on many methods side by side: each with its result, or why it has none, in order."""
        pending = iter(indexes)
        with ThreadPoolExecutor(self.processes) as threads:
            while window := list(islice(pending, WINDOW * self.processes)):
                yield from zip(window, threads.map(lambda index: self._tried(index, work), window), strict=True)

    def close(self) -> None:
        """End all processes; another request starts them anew."""
        for client in self._all:
            client.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tried(self, index: int, work: Callable[[Client, int], T]) -> T | MethodUnusable:
        try:
            return self.ask(index, lambda client: work(client, index))
        except MethodUnusable as error:
            return error

    def _fill(self) -> None:
        self._owner = os.getpid()
        self._all: Sequence[Client] = [Client(self.corpus, self.seconds, self.retries) for _ in range(self.processes)]
        self._clients: LifoQueue[Client] = LifoQueue()  # the one used last is warm
        for client in self._all:
            self._clients.put(client)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_all", "_clients")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._fill()
