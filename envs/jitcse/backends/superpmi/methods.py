"""The methods of a collection that an agent learns and is tested on, with what the JIT makes of them unasked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymcc.envs.jitcse.backends.superpmi.cache import Cache, Progress
from gymcc.envs.jitcse.backends.superpmi.counting import count
from gymcc.envs.jitcse.backends.superpmi.pool import Pool
from gymcc.envs.jitcse.backends.superpmi.report import Report
from gymcc.envs.jitcse.backends.superpmi.selection import Filter, Split, split


@dataclass(frozen=True)
class Methods:
    """The collection seen once; indexes are numbers from 1."""

    split: Split
    no_cse: dict[int, Report]  # of all methods that compile, with candidates described
    heuristic: dict[int, Report]
    failed: dict[int, str]  # why others are left out


def survey(pool: Pool, cache: Cache, accept: Filter | None = None, progress: Progress | None = None) -> Methods:
    """Compile every method with no CSE and with the JIT's own heuristic, and split those that ``accept`` accepts.

    What is in the cache is not asked for again; one process at a time fills it. A method that fails is left out, and is
    told in ``failed``.
    """
    accept = accept or Filter()
    say = progress or (lambda done, total: None)
    with cache.lock():
        known = cache.load("test_train") or {}
        total = _known_total(cache, known) or count(pool.corpus, pool.seconds)
        known = _save(cache, known, {"methods": total})
        no_cse = cache.sweep("no_cse", pool, total, lambda done, _: say(done, 2 * total))
        heuristic = cache.sweep("heuristic", pool, total, lambda done, _: say(total + done, 2 * total))
        failed = {**heuristic.failed, **no_cse.failed}
        usable = {index: report for index, report in no_cse.reports.items() if index not in failed}
        parts = split(report for report in usable.values() if accept(report))
        _save(cache, known, {"methods": total, "filter": str(accept), **_lists(parts)})
    return Methods(parts, usable, heuristic.reports, failed)


def _known_total(cache: Cache, known: dict[str, Any]) -> int:
    total = known.get("methods", 0)
    if not isinstance(total, int) or total < 0:
        raise ValueError(f"{cache.path('test_train')}: methods is a number, got {total!r}; delete the file")
    return total


def _lists(parts: Split) -> dict[str, list[int]]:
    return {"train": list(parts.train), "test": list(parts.test)}


def _save(cache: Cache, known: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Add to the file what it does not say yet."""
    if any(known.get(name) != value for name, value in content.items()):
        cache.save("test_train", {**known, **content})
    return {**known, **content}
