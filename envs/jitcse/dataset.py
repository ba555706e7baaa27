"""The shipped datasets of methods, and folders of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.dataset_files import find_dataset, write_dataset
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.library import Library
from gymcc.envs.jitcse.shipped import labels
from gymcc.envs.jitcse.text import read_lines, write

STDLIB, ALL, GENERATED = "jitcse/python-stdlib", "jitcse/python-stdlib-all", "jitcse/generated"
OWN = "methods.ir"  # in a dataset's folder, beside card and listing
FEWEST, MOST = 3, 16  # candidates, jitml's filter
MAX_OWN = 256 * 2**20  # bytes
LICENCE = "PSF-2.0 (derived from Python's standard library)"


@cache
def shipped() -> Mapping[str, Dataset]:
    """The datasets that come with GymCC, the default one first."""
    counts = {instance: label.candidates for instance, label in labels().items()}
    filtered = Dataset(
        name=STDLIB,
        instances=tuple(instance for instance, count in counts.items() if FEWEST <= count <= MOST),
        description=f"Functions of Python's standard library with {FEWEST} to {MOST} candidates, lowered as in C#.",
        origin="python -m gymcc.benchmarks.jitcse_corpus; see envs/jitcse/data",
        licence=LICENCE,
    )
    everything = Dataset(
        name=ALL,
        instances=tuple(counts),
        description="All functions of Python's standard library that have a candidate.",
        origin=filtered.origin,
        licence=LICENCE,
    )
    generated = Dataset(
        name=GENERATED,
        instances=tuple(f"gen/{seed}" for seed in range(20_000)),
        description="Methods of the seeded generator; any gen/<seed> can be had.",
        origin="envs/jitcse/generator",
    )
    return {dataset.name: dataset for dataset in (filtered, everything, generated)}


def find(wanted: str, split_seed: int = 0) -> tuple[Mapping[str, Dataset], Dataset, Library]:
    """All datasets known then, the wanted one, and the library of its methods; raises ValueError.

    ``wanted`` is a shipped dataset's name or a folder that :func:`write_own` made; ``split_seed``, if not 0, replaces
    the seed of its split.
    """
    folder = Path(wanted)
    own = _read_own(folder / OWN) if wanted not in shipped() and folder.is_dir() else {}
    library = Library(own)
    dataset = find_dataset(shipped(), wanted, library.method)
    if split_seed:
        dataset = replace(dataset, seed=split_seed)
    return {**shipped(), dataset.name: dataset}, dataset, library


def write_own(dataset: Dataset, methods: Iterable[Method], folder: Path) -> None:
    """Write a dataset with its methods; raises FileExistsError rather than touch an existing folder."""
    write_dataset(dataset, folder)
    (folder / OWN).write_text("".join(f"{write(method)}\n" for method in methods))


def _read_own(path: Path) -> dict[str, Method]:
    if not path.is_file():
        raise ValueError(f"{path.parent} is no dataset of methods: it needs {OWN}")
    if path.stat().st_size > MAX_OWN:
        raise ValueError(f"{path}: larger than {MAX_OWN} bytes")
    try:
        with path.open(encoding="utf-8") as lines:
            return {method.name: method for method in read_lines(lines)}
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
