"""A surveyed collection as a dataset of instances."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.jitcse.backends.superpmi.compiler import instance_of
from gymcc.envs.jitcse.backends.superpmi.corpus import Corpus
from gymcc.envs.jitcse.backends.superpmi.methods import Methods

NAME = "jitcse/superpmi"


@dataclass(frozen=True)
class CollectionDataset(Dataset):
    """Tested on the methods that jitml tests on; a tenth of those it trains on is for validation."""

    tested: frozenset[str] = frozenset()

    def split_of(self, instance: str) -> str:
        return "test" if instance in self.tested else super().split_of(instance)


def dataset_of(corpus: Corpus, methods: Methods, seed: int = 0) -> CollectionDataset:
    """The methods that the survey's filter accepted, in order; ``seed`` splits validation from training."""
    parts = methods.split
    return CollectionDataset(
        name=NAME,
        instances=tuple(instance_of(index) for index in sorted((*parts.train, *parts.test))),
        description=f"Methods of {corpus.collection.name}, compiled by RyuJIT.",
        origin=f"SuperPMI collection, JIT-EE GUID {corpus.guid or 'unknown'}",
        licence="that of the collection",
        seed=seed,
        shares=(0.9, 0.1, 0.0),
        tested=frozenset(instance_of(index) for index in parts.test),
    )
