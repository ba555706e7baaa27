"""The shipped datasets of programs, and one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path as File

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.ocaml.library import Library, Source, shipped_texts

SHIPPED, GENERATED, OWN = "ocaml/programs", "ocaml/generated", "ocaml/own"
GENERATED_SEEDS = 20_000
SHARES = (0.5, 0.15, 0.35)  # of programs to train on, to choose by and to test on: the original has 12 and 22


@cache
def shipped() -> Mapping[str, Dataset]:
    """The datasets that come with GymCC, the default one first."""
    programs = Dataset(
        SHIPPED,
        tuple(shipped_texts()),
        "Programs with calls worth deciding on: accessors, functors as records, combinators, rewriting, numbers.",
        "written for GymCC; envs/ocaml/programs",
        shares=SHARES,
    )
    generated = Dataset(
        GENERATED,
        tuple(f"gen/{seed}" for seed in range(GENERATED_SEEDS)),
        "Programs of the seeded generator; any gen/<seed> can be had.",
        "envs/ocaml/generator",
    )
    return {dataset.name: dataset for dataset in (programs, generated)}


def find(
    wanted: str, program: str | Sequence[str] = "", split_seed: int = 0
) -> tuple[Mapping[str, Dataset], Dataset, Library]:
    """All datasets known then, the wanted one, and the library of its programs; raises ValueError.

    ``wanted``: a shipped dataset's name, an .ml file, or a folder of programs, an .ml file each. ``program``, if given,
    is one program instead: an .ml file, several in the order in which they are linked, or a folder of modules.
    """
    own: dict[str, Source] = {}
    if program:
        dataset, own = _own([_existing([program] if isinstance(program, str) else program)])
    elif wanted not in shipped() and File(wanted).exists():
        dataset, own = _own([(path,) for path in _programs(File(wanted))])
    else:
        dataset = choose(shipped(), wanted, "dataset (or .ml file, or folder of them)")
    if split_seed:
        dataset = replace(dataset, seed=split_seed)
    return {**shipped(), dataset.name: dataset}, dataset, Library(own)


def _existing(program: Sequence[str]) -> tuple[File, ...]:
    for path in program:
        if not isinstance(path, str) or not File(path).exists():
            raise ValueError(f"there is no program {path}: expected .ml files or a folder of modules")
        if File(path).is_dir() and len(program) > 1:
            raise ValueError(f"{path} is a folder, which is a program by itself; expected one folder, or .ml files")
    return tuple(map(File, program))


def _programs(path: File) -> list[File]:
    files = sorted(path.glob("*.ml")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path} holds no programs (*.ml)")
    return files


def _own(places: list[tuple[File, ...]]) -> tuple[Dataset, dict[str, Source]]:
    own = {f"own/{place[-1].stem}": Source(place[-1].stem, place=place) for place in places}
    named = " ".join(str(file) for place in places for file in place)
    return Dataset(OWN, tuple(own), f"The programs of {named}.", named, "unknown", shares=SHARES), own
