"""Where batches come from: a list of each producer (newer generation), or numbered tensors (older one).

A source knows how far it has read, and gives each batch once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.dataset import Dataset
from gymcc.agents.serving.client.errors import ServingError, UnknownKey
from gymcc.agents.serving.online.info import DataInfo

Batch = Mapping[str, NDArray[Any]]  # tensors by name; what metadata there is as arrays of its values


class Source(Protocol):
    """Something that batches come from."""

    def fetch(self) -> list[Batch]:
        """The batches that are new since the last call, oldest first."""


class ListSource:
    """The list of one producer; of ``replicas`` readers that share it each takes every so manieth batch.

    ``consume`` deletes what was read, which keeps the server's memory bounded; the list itself stays as it is.
    """

    def __init__(
        self,
        client: Client,
        list_name: str,
        producer: str = "",
        replica: int = 0,
        replicas: int = 1,
        consume: bool = False,
    ) -> None:
        self._client, self._list, self._producer = client, list_name, producer
        self._replica, self._replicas, self._consume = replica, replicas, consume
        self._seen = 0  # length of the list when it was read
        self._last: str | None = None

    def fetch(self) -> list[Batch]:
        if self._producer:
            self._client.set_data_source(self._producer)
        length = self._client.get_list_length(self._list)
        if length < self._seen:  # somebody began the list anew
            self._seen, self._last = 0, None
        if length == self._seen:
            return []
        mine: list[Batch] = []
        read: set[str | None] = {self._last}  # a client that heard no answer sent it again, one that was restarted anew
        for number, dataset in self._read(self._seen, length):
            self._last = dataset.get_name()
            if self._last not in read and number % self._replicas == self._replica:
                mine.append(_batch(dataset))
                if self._consume:
                    with suppress(UnknownKey):  # another reader's
                        self._client.delete_dataset(self._last)
            read.add(self._last)
        self._seen = length
        return mine

    def _read(self, start: int, end: int) -> list[tuple[int, Dataset]]:
        """Data sets with their places in the list; those that somebody has deleted are left out."""
        try:
            return list(enumerate(self._client.get_dataset_list_range(self._list, start, end - 1), start))
        except UnknownKey:
            found = []
            for number in range(start, end):
                with suppress(UnknownKey):
                    found += [
                        (number, each) for each in self._client.get_dataset_list_range(self._list, number, number)
                    ]
            return found


def _batch(dataset: Dataset) -> Batch:
    facts: dict[str, NDArray[Any]] = {}
    for name in dataset.get_metadata_field_names():
        texts = dataset.get_metadata_field_type(name) is str
        facts[name] = np.array(dataset.get_meta_strings(name)) if texts else dataset.get_meta_scalars(name)
    return facts | {name: dataset.get_tensor(name) for name in dataset.get_tensor_names()}


class NumberedSource:
    """Plain tensors ``<prefix>_<iteration>`` or, of several ranks, ``<prefix>_<iteration>_<rank>``, from 0 on.

    SmartSim 0.4.0's code puts the iteration first, its documentation the rank; ``rank_first`` is the documentation's.
    """

    def __init__(
        self, client: Client, info: DataInfo, producer: str = "", rank: int | None = None, rank_first: bool = False
    ) -> None:
        self._client, self._info, self._producer = client, info, producer
        self._rank, self._rank_first = rank, rank_first
        self._next = 0

    def fetch(self) -> list[Batch]:
        if self._producer:
            self._client.set_data_source(self._producer)
        names = [self._info.sample_name, *([self._info.target_name] if self._info.has_targets else [])]
        found: list[Batch] = []
        while all(self._client.tensor_exists(self._key(name)) for name in names):
            try:
                found.append({name: self._client.get_tensor(self._key(name)) for name in names})
            except ServingError:  # dropped for want of memory in between
                break
            self._next += 1
        return found

    def _key(self, name: str) -> str:
        parts: list[Any] = [name, self._next]
        if self._rank is not None:
            parts.insert(1 if self._rank_first else 2, self._rank)
        return "_".join(map(str, parts))


def stacked(batches: Sequence[Batch], name: str) -> NDArray[Any]:
    """One tensor of several batches, end to end."""
    return np.concatenate([batch[name] for batch in batches])
