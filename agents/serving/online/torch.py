"""The growing data set for torch, by SmartSim's names: ``smartsim.ml.torch`` is this module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils import data

from gymcc.agents.serving.online.growing import GrowingData


class StaticDataGenerator(data.IterableDataset[Any]):
    """Batches of what was uploaded when iterating first began; arguments of :class:`.growing.GrowingData`."""

    dynamic = False

    def __init__(self, **options: Any) -> None:
        # Workers of a DataLoader are forked: each connects for itself, in `init_samples`.
        self.generator = GrowingData(**{**options, "dynamic": self.dynamic, "init_samples": False})
        self._replica = (self.generator._replica, self.generator._replicas)

    def init_samples(self) -> None:
        """Connect and wait for the first batch."""
        self.generator.init_samples()

    def share(self, worker: int, workers: int) -> None:
        """Be one of several workers of this replica, each of which reads other batches."""
        rank, replicas = self._replica
        self.generator._replica, self.generator._replicas = rank * workers + worker, replicas * workers

    def __iter__(self) -> Iterator[Any]:
        if not self.generator.batches:
            self.init_samples()
        for batch in self.generator:
            arrays = batch if isinstance(batch, tuple) else (batch,)
            tensors = tuple(torch.from_numpy(array) for array in arrays)
            yield tensors if isinstance(batch, tuple) else tensors[0]


class DynamicDataGenerator(StaticDataGenerator):
    """Looks for new batches whenever iterating begins."""

    dynamic = True


class DataLoader(data.DataLoader[Any]):
    """torch's own, set up for the above: batches are ready made, and workers live on and share them out."""

    def __init__(self, dataset: StaticDataGenerator, **options: Any) -> None:
        workers = options.pop("num_workers", 0)
        persistent = {"persistent_workers": True} if workers else {}
        super().__init__(
            dataset,
            batch_size=None,
            num_workers=workers,
            worker_init_fn=_begin_worker,
            **{**persistent, **options},
        )


def _begin_worker(worker: int) -> None:
    info = data.get_worker_info()
    assert info is not None
    dataset = info.dataset
    assert isinstance(dataset, StaticDataGenerator)
    dataset.share(worker, info.num_workers)
    dataset.init_samples()
