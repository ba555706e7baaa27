"""Datasets: named, ordered sets of instance ids, split into train, validation and test by a hash of the id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """Instance ids with the facts of their card.

    The split depends only on ``seed`` and the id, so it is the same everywhere and does not move when instances are
    added. ``shares`` are the parts of train, validation and test.
    """

    name: str  # "looptune/mm-64-256-16"
    instances: tuple[str, ...]
    description: str
    origin: str
    licence: str = "Apache-2.0"
    seed: int = 0
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    _members: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_members", frozenset(self.instances))

    def __contains__(self, instance: object) -> bool:
        return instance in self._members

    def __len__(self) -> int:
        return len(self.instances)

    def __iter__(self) -> Iterator[str]:
        return iter(self.instances)

    def split_of(self, instance: str) -> str:
        """Which split an id falls into."""
        digest = blake2b(f"{self.seed}:{instance}".encode(), digest_size=8).digest()
        position = int.from_bytes(digest, "big") / 2**64
        train, validation, _ = self.shares
        return SPLITS[(position >= train) + (position >= train + validation)]

    def split(self, part: str) -> tuple[str, ...]:
        """The ids of one split in the dataset's order, or of all for ``"all"``; raises ValueError."""
        if part == "all":
            return self.instances
        if part not in SPLITS:
            raise ValueError(f"unknown split {part!r}; allowed: {', '.join(SPLITS)}, all")
        return tuple(instance for instance in self.instances if self.split_of(instance) == part)

    def checksum(self) -> str:
        """Hash of the ids in order, for the card."""
        return blake2b("\n".join(self.instances).encode(), digest_size=16).hexdigest()
