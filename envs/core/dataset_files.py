"""Datasets as folders, for a user's own: ``dataset.json`` (the card) and ``instances.txt`` (one id a line)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from math import isclose
from pathlib import Path
from typing import Any

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset

CARD, INSTANCES = "dataset.json", "instances.txt"
MAX_BYTES = 256 * 2**20


def write_dataset(dataset: Dataset, folder: Path) -> None:
    """Write a dataset; raises FileExistsError rather than touch an existing folder."""
    folder.mkdir(parents=True)
    named = ("name", "description", "origin", "licence", "seed", "shares")
    facts = {name: getattr(dataset, name) for name in named}
    facts |= {"instances": len(dataset), "checksum": dataset.checksum()}
    (folder / CARD).write_text(json.dumps(facts, indent=2) + "\n")
    (folder / INSTANCES).write_text("".join(f"{instance}\n" for instance in dataset))


def read_dataset(folder: Path, check: Callable[[str], Any]) -> Dataset:
    """Read a dataset folder, ``check``-ing every id; raises ValueError naming the file and what is wrong."""
    card, listing = folder / CARD, folder / INSTANCES
    if not card.is_file() or not listing.is_file():
        raise ValueError(f"{folder} is no dataset folder: it needs {CARD} and {INSTANCES}")
    if listing.stat().st_size > MAX_BYTES:
        raise ValueError(f"{listing}: larger than {MAX_BYTES} bytes")
    try:
        facts = json.loads(card.read_text())
        known = {field.name for field in fields(Dataset) if field.init} - {"instances"}
        options: dict[str, Any] = {name: value for name, value in facts.items() if name in known}
        options["shares"] = tuple(options["shares"])
        dataset = Dataset(instances=tuple(listing.read_text(encoding="utf-8").split()), **options)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder}: unreadable: {error}") from error
    _check_card(dataset, card)
    for instance in dataset:
        try:
            check(instance)
        except ValueError as error:
            raise ValueError(f"{listing}: {error}") from error
    if facts.get("checksum") != dataset.checksum():
        raise ValueError(f"{listing}: does not match the checksum in {CARD}")
    return dataset


def _check_card(dataset: Dataset, card: Path) -> None:
    """Raise ValueError where a fact that decides names or splits is of the wrong kind."""
    shares = dataset.shares
    numbers = len(shares) == 3 and all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares)
    if not numbers or not isclose(sum(shares), 1):
        raise ValueError(f"{card}: shares are three numbers that sum to 1, got {list(shares)}")
    for name, kind in (("name", str), ("description", str), ("origin", str), ("licence", str), ("seed", int)):
        if not isinstance(value := getattr(dataset, name), kind):
            raise ValueError(f"{card}: {name} is of type {kind.__name__}, got {value!r}")


def find_dataset(shipped: Mapping[str, Dataset], wanted: str, check: Callable[[str], Any]) -> Dataset:
    """A shipped dataset by name, or the folder of a user's own; raises ValueError."""
    if wanted not in shipped and Path(wanted).is_dir():
        dataset = read_dataset(Path(wanted), check)
        if dataset.checksum() != shipped.get(dataset.name, dataset).checksum():
            raise ValueError(f"{Path(wanted) / CARD}: the name {dataset.name!r} is that of another dataset")
        return dataset
    return choose(shipped, wanted, "dataset")
