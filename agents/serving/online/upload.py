"""Producers: what a running program puts a batch with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.dataset import Dataset
from gymcc.agents.serving.client.errors import OutcomeUnknown
from gymcc.agents.serving.online.info import LIST, SAMPLES, TARGETS, DataInfo

Name = str
BATCH = "training_samples"  # begins the names of batches, as SmartSim has them
POLICY_VERSION = "policy_version"


class TrainingDataUploader:
    """Uploads batches to a list; several producers need prefixes (``SSKEYOUT``) or ranks, or they overwrite each other.

    The batch number ``i`` of rank ``r`` is the data set ``training_samples_r_i``, without the rank
    ``training_samples_i``.
    """

    def __init__(
        self,
        list_name: Name = LIST,
        sample_name: Name = SAMPLES,
        target_name: Name = TARGETS,
        num_classes: int | None = None,
        cluster: bool = False,
        address: str | None = None,
        rank: int | str | None = None,
        verbose: bool = False,
        client: Client | None = None,
    ) -> None:
        if not list_name or not sample_name:
            raise ValueError("an uploader needs a list_name and a sample_name")
        self.info = DataInfo(list_name, sample_name, target_name, num_classes)
        self.client = client or Client(address=address, cluster=cluster)
        self._rank, self._verbose, self._count = rank, verbose, 0

    @property
    def batch_idx(self) -> int:
        """Batches uploaded so far."""
        return self._count

    def publish_info(self) -> None:
        """Say what the batches are like, once; readers that know only the list's name wait for it."""
        self.info.publish(self.client)

    def put_batch(self, samples: ArrayLike, targets: ArrayLike | None = None) -> None:
        """Upload one batch, whose first axis counts samples; raises ValueError if targets are missing or too many."""
        batch = self._begin()
        batch.add_tensor(self.info.sample_name, np.ascontiguousarray(samples))
        if self.info.has_targets:
            if targets is None:
                raise ValueError(f"{self.info.list_name}: a batch needs targets; target_name='' goes without")
            if len(np.asarray(targets)) != len(np.asarray(samples)):
                raise ValueError(f"{len(np.asarray(samples))} samples with {len(np.asarray(targets))} targets")
            batch.add_tensor(self.info.target_name, np.ascontiguousarray(targets))
        self._end(batch)

    def _begin(self) -> Dataset:
        parts = (BATCH, self._rank, self._count)
        return Dataset("_".join(str(part) for part in parts if part is not None))

    def _end(self, batch: Dataset) -> None:
        self.client.put_dataset(batch)
        try:
            self.client.append_to_list(self.info.list_name, batch)
        except OutcomeUnknown:  # readers and our server know a repetition when they see one
            self.client.append_to_list(self.info.list_name, batch)
        self._count += 1
        if self._verbose:
            print(f"{self.info.list_name}: batch {self._count} uploaded as {batch.get_name()}")


class TrainingUploader(TrainingDataUploader):
    """The older uploader's arguments (SmartSim 0.4.0); it writes what :class:`TrainingDataUploader` does."""

    def __init__(
        self,
        name: Name = LIST,
        sample_prefix: Name = SAMPLES,
        target_prefix: Name = TARGETS,
        num_classes: int | None = None,
        producer_prefixes: object = None,  # SSKEYOUT says it
        cluster: bool = False,
        address: str | None = None,
        num_ranks: int | None = None,  # readers find out
        rank: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(name, sample_prefix, target_prefix, num_classes, cluster, address, rank, verbose)


class TransitionUploader(TrainingDataUploader):
    """Uploads transitions of reinforcement learning, which SmartSim's readers take for plain samples.

    A batch has the tensors ``samples`` (N, D) float32 observations, ``masks`` (N, A) int8 of legal actions, ``actions``
    (N,) int64, ``explored`` (N,) int8 where another action than the policy's was tried, ``rewards`` (N,) float32,
    ``dones`` (N,) int8 at the end of each episode, ``next_samples`` (N, D), ``next_masks`` (N, A), and which version of
    the policy decided.
    """

    def __init__(
        self,
        list_name: Name,
        *,
        address: str | None = None,
        rank: int | str | None = None,
        client: Client | None = None,
    ) -> None:
        super().__init__(list_name, target_name="", address=address, rank=rank, client=client)

    def put_transitions(self, transitions: Mapping[str, ArrayLike], policy_version: int) -> None:
        """Upload transitions by the names above; raises ValueError naming what is missing or of another length."""
        wanted = {SAMPLES, *TRANSITION}
        if set(transitions) != wanted:
            raise ValueError(f"transitions have {sorted(transitions)}; wanted {sorted(wanted)}")
        arrays = {name: np.ascontiguousarray(values) for name, values in transitions.items()}
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) != 1 or not min(lengths.values()):
            raise ValueError(f"transitions of several lengths, or none: {lengths}")
        batch = self._begin()
        for name, kind in {SAMPLES: np.float32, **TRANSITION}.items():
            batch.add_tensor(name, arrays[name].astype(kind, copy=False))
        batch.add_meta_scalar(POLICY_VERSION, np.int64(policy_version))
        self._end(batch)


TRANSITION = {  # tensors of a batch of transitions besides the samples, with their types
    "masks": np.int8,
    "actions": np.int64,
    "explored": np.int8,
    "rewards": np.float32,
    "dones": np.int8,
    "next_samples": np.float32,
    "next_masks": np.int8,
}
