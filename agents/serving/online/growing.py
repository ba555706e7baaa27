"""A data set that grows as programs upload batches, with an end where memory asks for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.online.info import LIST, SAMPLES, TARGETS, DataInfo
from gymcc.agents.serving.online.sources import Batch, ListSource, NumberedSource, Source, stacked
from gymcc.agents.serving.protocol.address import Settings

Arrays = tuple[NDArray[Any], ...]
FIRST_PAUSE = 0.1  # seconds between looks for a first batch, doubled each time


class GrowingData:
    """Batches of samples, and of targets if there are any, from all that producers have uploaded so far.

    ``data_info``: a :class:`DataInfo`, or a list's name whose producer publishes one, which is waited for. ``window``:
    samples kept at most, the oldest go first; None keeps all. ``consume`` deletes from the server what was read, where
    nobody else reads it. ``sub_indices``: ranks, or their number, of producers of the older generation, ``auto`` reads
    lists; with ``rank_first`` ranks come before iterations in the names of tensors, as SmartSim's documentation has it,
    but not its programs. Producers are those of ``SSKEYIN``, or anybody without it. Iterating gives all batches once,
    shuffled if wanted, after looking for new ones if ``dynamic``.
    """

    def __init__(
        self,
        batch_size: int = 32,
        dynamic: bool = True,
        shuffle: bool = True,
        data_info: DataInfo | str = LIST,
        *,
        cluster: bool = False,
        address: str | None = None,
        replica_rank: int = 0,
        num_replicas: int = 1,
        window: int | None = None,
        consume: bool = False,
        sub_indices: int | Sequence[int] | None = None,
        numbered: bool = False,
        rank_first: bool = False,
        wait_interval: float = 10.0,
        max_fetch_trials: int = -1,
        init_samples: bool = True,
        seed: int = 0,
        client: Client | None = None,
    ) -> None:
        if not isinstance(data_info, DataInfo | str):
            raise TypeError(f"data_info is a DataInfo or the name of a list, not {type(data_info).__name__}")
        if batch_size < 1 or not 0 <= replica_rank < num_replicas:
            raise ValueError("batch_size is at least 1, replica_rank at least 0 and below num_replicas")
        self.batch_size, self.dynamic, self.shuffle = batch_size, dynamic, shuffle
        self._given, self._window, self._consume = data_info, window, consume
        self._connect: Callable[[], Client] = lambda: client or Client(address=address, cluster=cluster)
        self._producers = Settings.from_environment(address=address or "x:1").key_in or ("",)
        self._replica, self._replicas = replica_rank, num_replicas
        self._ranks = _ranks(sub_indices)
        self._numbered, self._rank_first = numbered or sub_indices is not None, rank_first
        self._wait, self._trials = wait_interval, max_fetch_trials
        self._random = np.random.default_rng(seed)
        self._sources: list[Source] | None = None
        self._batches: list[Batch] = []
        self.info: DataInfo | None = None
        if init_samples:
            self.init_samples()

    @property
    def num_samples(self) -> int:
        """Samples held."""
        return sum(len(batch[self._known.sample_name]) for batch in self._batches)

    @property
    def num_classes(self) -> int | None:
        """Of integer targets, where producers say so."""
        return self._known.num_classes

    @property
    def batches(self) -> Sequence[Batch]:
        """What was uploaded, oldest first: all tensors of each batch."""
        return self._batches

    def init_samples(self) -> None:
        """Connect and wait for the first batch, which is looked for often at first, and each ``wait_interval`` later.

        Raises TimeoutError after as many intervals as ``max_fetch_trials`` looks have between them (-1: never).
        """
        client = self._connect()
        begun, pause = time.monotonic(), min(FIRST_PAUSE, self._wait)
        while True:
            if self._sources is None:
                self._sources = self._open(client)
            if self._sources is not None:
                self.update()
            if self._batches:
                return
            waited = time.monotonic() - begun
            if self._trials > 0 and waited >= (self._trials - 1) * self._wait:
                raise TimeoutError(f"no batch of {self._given!r} within {waited:.1f} s")
            time.sleep(pause)
            pause = min(2 * pause, self._wait)

    def update(self) -> int:
        """Take in what is new; how many samples that is."""
        fresh = [batch for source in self._sources or () for batch in source.fetch()]
        self._batches += fresh
        self._drop_old()
        return sum(len(batch[self._known.sample_name]) for batch in fresh)

    def __len__(self) -> int:
        """Batches of an epoch; the rest that does not fill one is left out, as SmartSim does."""
        return self.num_samples // self.batch_size

    def __iter__(self) -> Iterator[NDArray[Any] | Arrays]:
        if self.dynamic and self._sources is not None:
            self.update()
        arrays = self.arrays()
        order = self._random.permutation(self.num_samples) if self.shuffle else np.arange(self.num_samples)
        for number in range(len(self)):
            rows = order[number * self.batch_size : (number + 1) * self.batch_size]
            yield self.batch(arrays, rows)

    def arrays(self) -> Arrays:
        """Samples, and targets if there are any, end to end."""
        info = self._known
        names = [info.sample_name, *([info.target_name] if info.has_targets else [])]
        return tuple(stacked(self._batches, name) for name in names)

    @staticmethod
    def batch(arrays: Arrays, rows: NDArray[Any]) -> NDArray[Any] | Arrays:
        """These rows: of samples alone, or of samples and targets as a pair."""
        picked = tuple(array[rows] for array in arrays)
        return picked if len(picked) > 1 else picked[0]

    @property
    def _known(self) -> DataInfo:
        if self.info is None:
            raise RuntimeError("nothing is known of the data yet: call init_samples() first")
        return self.info

    def _open(self, client: Client) -> list[Source] | None:
        """Sources of all producers; None while nobody has said what the data is like."""
        if isinstance(self._given, DataInfo):
            self.info = self._given
        else:
            if self._producers[0]:
                client.set_data_source(self._producers[0])
            self.info = DataInfo.download(client, self._given)
        if self.info is None:
            return None
        info = self.info
        if self._numbered:
            ranks = self._ranks[self._replica :: self._replicas]
            pairs = [(producer, rank) for producer in self._producers for rank in ranks]
            return [NumberedSource(client, info, producer, rank, self._rank_first) for producer, rank in pairs]
        return [
            ListSource(client, info.list_name, producer, self._replica, self._replicas, self._consume)
            for producer in self._producers
        ]

    def _drop_old(self) -> None:
        while self._window is not None and len(self._batches) > 1 and self.num_samples > self._window:
            self._batches.pop(0)


def _ranks(given: int | Sequence[int] | None) -> list[int | None]:
    if given is None:
        return [None]
    return list(range(given)) if isinstance(given, int) else list(given)


__all__ = ["LIST", "SAMPLES", "TARGETS", "GrowingData"]
