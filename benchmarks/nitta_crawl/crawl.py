"""Crawling the synthesis trees of many programs into a folder, so that a kill costs no more than one shard.

``FOLDER/crawl.json`` says how; ``FOLDER/shards/PROGRAM-0003.parquet`` are finished parts of a program under way, and
``FOLDER/PROGRAM.parquet`` is a finished one. Small trees are seen completely, of large ones random paths.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from gymcc.benchmarks.nitta_crawl.tables import labelled_table, load, save, shard, summary
from gymcc.benchmarks.nitta_crawl.visits import Node, descents, exhaustive

Trees = Mapping[str, Callable[[], Node]]  # by program: makes the root of its tree
Progress = Callable[[str, float], None]  # program, the part of it that is done


@dataclass(frozen=True, slots=True)
class Plan:
    """``nodes``: trees up to this size are seen completely; of others ``samples`` paths, ``shard`` of them a file."""

    samples: int = 5000
    nodes: int = 20_000
    shard: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("samples", "shard"):
            if getattr(self, name) < 1:
                raise ValueError(f"crawl: {name} must be at least 1, got {getattr(self, name)}")
        if self.nodes < 0:
            raise ValueError(f"crawl: nodes must not be negative, got {self.nodes}")


def crawl(trees: Trees, folder: Path, plan: Plan, progress: Progress = lambda program, part: None) -> list[Path]:
    """Crawl what is not crawled yet; the finished files, in the order of ``trees``.

    Raises ValueError if the folder was begun with another plan.
    """
    _begin(folder, plan)
    return [_finished(name, make, folder, plan, progress) for name, make in trees.items()]


def read_plan(folder: Path) -> Plan:
    """The plan of a folder; raises ValueError where there is none."""
    path = folder / "crawl.json"
    try:
        return Plan(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: cannot read the plan of the crawl: {error}") from error


def _begin(folder: Path, plan: Plan) -> None:
    path = folder / "crawl.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / ".crawl.json"
        partial.write_text(json.dumps(asdict(plan), indent=2) + "\n")
        partial.replace(path)
    if (begun := read_plan(folder)) != plan:
        raise ValueError(f"{folder} was begun with {begun}; go on with that, or take another folder")


def _finished(name: str, make: Callable[[], Node], folder: Path, plan: Plan, progress: Progress) -> Path:
    path = folder / f"{name}.parquet"
    if not path.exists():
        shards = []
        for part, done in _shards(name, make, folder / "shards", plan):
            shards.append(part)
            progress(name, done)
        save(labelled_table(name, map(load, shards)), path)
    for part in (folder / "shards").glob(f"{name}-[0-9]*.parquet"):
        part.unlink()
    progress(name, 1.0)
    return path


def _shards(name: str, make: Callable[[], Node], folder: Path, plan: Plan) -> Iterator[tuple[Path, float]]:
    """The files of a program's shards, made where they are missing, and the part of the program done with each.

    Shard 0 is the whole tree if that is small enough. The tree is built anew for each, as it keeps all it has seen.
    """
    whole, starts = folder / f"{name}-0000.parquet", range(0, plan.samples, plan.shard)
    first = folder / f"{name}-0001.parquet"
    if not whole.exists() and not first.exists() and (everything := exhaustive(make(), plan.nodes)):
        save(shard(everything), whole)
    if whole.exists():
        yield whole, 1.0
        return
    for number, start in enumerate(starts, 1):
        path = folder / f"{name}-{number:04}.parquet"
        if not path.exists():
            numbers = range(start, min(start + plan.shard, plan.samples))
            save(shard(descents(make(), name, numbers, plan.seed)), path)
        yield path, number / len(starts)


def report(folder: Path) -> list[dict[str, object]]:
    """A row per finished program."""
    return [{"program": path.stem, **summary(path)} for path in sorted(folder.glob("*.parquet"))]
