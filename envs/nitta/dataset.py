"""The shipped datasets of programs, and folders of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from gymcc.envs.core.choices import choose
from gymcc.envs.core.dataset import Dataset
from gymcc.envs.nitta.frontend import LuaError, compile_lua
from gymcc.envs.nitta.generator import SIZES
from gymcc.envs.nitta.library import TIERS, shipped_sources

PROGRAMS, GENERATED = "nitta/programs", "nitta/generated"
MAX_SOURCE = 2**20  # bytes
GENERATED_SEEDS = 5_000  # of each size


@cache
def shipped() -> Mapping[str, Dataset]:
    """The datasets that come with GymCC, the default one first."""
    ids = tuple(shipped_sources())
    origin = "written for GymCC; envs/nitta/programs"
    found = [Dataset(PROGRAMS, ids, "Filters, regulators, linear algebra, logic and the like, in four tiers.", origin)]
    for tier in TIERS:
        members = tuple(instance for instance in ids if instance.startswith(f"{tier}/"))
        found.append(Dataset(f"{PROGRAMS}-{tier}", members, f"The {tier} programs.", origin))
    generated = tuple(f"gen/{size}/{seed}" for size in SIZES for seed in range(GENERATED_SEEDS))
    text = "Programs of the seeded generator; any gen/<size>/<seed> can be had."
    found.append(Dataset(GENERATED, generated, text, "envs/nitta/generator"))
    return {dataset.name: dataset for dataset in found}


def find(wanted: str, split_seed: int = 0) -> tuple[Mapping[str, Dataset], Dataset, Mapping[str, str]]:
    """All datasets known then, the wanted one, and the sources of one's own; raises ValueError.

    ``wanted``: a shipped dataset's name, a Lua file, or a folder of Lua files.
    """
    path = Path(wanted)
    own: Mapping[str, str] = {}
    if wanted not in shipped() and path.exists():
        dataset, own = _own(path)
    else:
        dataset = choose(shipped(), wanted, "dataset (or Lua file, or folder of them)")
    if split_seed:
        dataset = replace(dataset, seed=split_seed)
    return {**shipped(), dataset.name: dataset}, dataset, own


def _own(path: Path) -> tuple[Dataset, Mapping[str, str]]:
    files = sorted(path.glob("*.lua")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path} holds no Lua programs (*.lua)")
    own = {f"own/{file.stem}": read_source(file) for file in files}
    for file, (instance, source) in zip(files, own.items(), strict=True):
        try:
            compile_lua(source, instance)
        except LuaError as error:
            raise ValueError(f"{file}: {error}") from error
    return Dataset("nitta/own", tuple(own), f"The programs of {path}.", str(path), "unknown"), own


def read_source(path: Path) -> str:
    """The text of a Lua file; raises ValueError naming what is wrong with it."""
    try:
        if path.stat().st_size > MAX_SOURCE:
            raise ValueError(f"{path}: larger than {MAX_SOURCE} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
