"""Crawls as Parquet files: shards of visits while it runs, one table of labelled rows per program in the end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet as parquet

from gymcc.benchmarks.nitta_crawl.visits import Visits
from gymcc.envs.nitta.features import COLUMNS
from gymcc.envs.nitta.labels import Leaf, ancestors, labelled

Table = Any  # pyarrow has no types


def save(table: Table, path: Path) -> None:
    """Write in one step: after a kill the file is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    parquet.write_table(table, partial, compression="zstd")
    os.replace(partial, path)


def load(path: Path) -> Table:
    """Read a table; raises ValueError naming a file that is none."""
    try:
        return parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path}: not a table of a crawl: {str(error).splitlines()[0]}") from error


def shard(visits: Visits) -> Table:
    """Visits as a table: a row per node, leaves with ``visits`` > 0. A leaf that is the root has no features."""
    nodes, leaves = visits.nodes, visits.leaves
    sids = sorted({*nodes, *leaves})
    columns: dict[str, Any] = {
        "sid": sids,
        "kind": [nodes[sid].kind if sid in nodes else "" for sid in sids],
        "score": np.array([nodes[sid].score if sid in nodes else 0 for sid in sids], np.float32),
        "success": [sid in leaves and leaves[sid].success for sid in sids],
        "duration": np.array([leaves[sid].duration if sid in leaves else -1 for sid in sids], np.int32),
        "visits": np.array([leaves[sid].visits if sid in leaves else 0 for sid in sids], np.int32),
    }
    empty = np.zeros(len(COLUMNS), np.float32)
    rows = np.stack([nodes[sid].features if sid in nodes else empty for sid in sids])
    columns |= {name: rows[:, at] for at, name in enumerate(COLUMNS)}
    return pyarrow.table(columns)


def leaves(table: Table) -> list[Leaf]:
    """The leaves in a shard."""
    columns = (table[name].to_pylist() for name in ("sid", "success", "duration", "visits"))
    return [Leaf(*row) for row in zip(*columns, strict=True) if row[-1]]


def labelled_table(program: str, shards: Iterable[Table]) -> Table:
    """All shards of a tree as training data: a row per node but the root, with ``program``, ``depth`` and ``label``."""
    joined = list(shards)
    labels = labelled(merged(leaf for table in joined for leaf in leaves(table)))
    whole = pyarrow.concat_tables(joined)
    sids = whole["sid"].to_pylist()
    first = {sid: at for at, sid in reversed(list(enumerate(sids)))}
    chosen = whole.take(pyarrow.array([at for sid, at in first.items() if sid != "-"], pyarrow.int64()))
    sids = chosen["sid"].to_pylist()
    head = pyarrow.table(
        {
            "program": pyarrow.array([program] * len(sids), pyarrow.string()),
            "depth": np.array([len(ancestors(sid)) for sid in sids], np.int32),
            "label": np.array([labels[sid] for sid in sids], np.float32),
        }
    )
    for name in ("sid", "kind", "score", *COLUMNS):
        head = head.append_column(name, chosen[name])
    return head.replace_schema_metadata(_summary(joined))


def merged(found: Iterable[Leaf]) -> list[Leaf]:
    """Leaves of several shards, each once."""
    by_sid: dict[str, Leaf] = {}
    for leaf in found:
        before = by_sid.get(leaf.sid)
        visits = leaf.visits + (before.visits if before else 0)
        by_sid[leaf.sid] = Leaf(leaf.sid, leaf.success, leaf.duration, visits)
    return list(by_sid.values())


def _summary(shards: Iterable[Table]) -> Mapping[bytes, bytes]:
    """What to tell of a tree without reading its rows; kept in the file's metadata."""
    found = merged(leaf for table in shards for leaf in leaves(table))
    durations = [leaf.duration for leaf in found if leaf.success]
    facts = {
        "descents": sum(leaf.visits for leaf in found),
        "successes": sum(leaf.visits for leaf in found if leaf.success),
        "best_duration": min(durations, default=-1),
    }
    return {name.encode(): str(value).encode() for name, value in facts.items()}


def summary(path: Path) -> dict[str, int]:
    """``descents``, ``successes`` and ``best_duration`` (-1: none) of a finished program."""
    metadata = parquet.read_schema(path).metadata or {}
    return {name: int(metadata[name.encode()]) for name in ("descents", "successes", "best_duration")}
