"""What a sweep over a collection has found, in files beside it: ``X.mch.<key>.no_cse.json`` and its like.

The key is of the JIT and the collection (:attr:`Corpus.key`), so that scores of different JITs are never mixed and the
caches of jitml, which have no key, are left alone. Files are replaced as a whole, and a sweep that is killed goes on
where it saved last.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gymcc.envs.jitcse.backends.superpmi.corpus import Corpus
from gymcc.envs.jitcse.backends.superpmi.encoding import from_json, names_in, to_json
from gymcc.envs.jitcse.backends.superpmi.errors import MethodUnusable
from gymcc.envs.jitcse.backends.superpmi.pool import Pool
from gymcc.envs.jitcse.backends.superpmi.report import Report

SCHEMA = 1
SAVE_EVERY = 500  # methods at least; and a tenth of those known, so that saving stays cheap
WORK: dict[str, Callable[..., Report]] = {
    "no_cse": lambda client, index: client.hook(index),
    "heuristic": lambda client, index: client.stock(index),
}
Progress = Callable[[int, int], None]  # methods done, methods in all


@dataclass
class Sweep:
    """Reports of one kind by method, and why others have none."""

    total: int
    reports: dict[int, Report] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Methods that need not be asked for again."""
        return len(self.reports) + len(self.failed)

    def add(self, index: int, result: Report | MethodUnusable) -> None:
        """Note what came of asking for a method."""
        if isinstance(result, MethodUnusable):
            self.failed[index] = result.reason
        else:
            self.reports[index] = result

    def missing(self) -> Iterator[int]:
        """The methods still to ask for, in order."""
        return (index for index in range(1, self.total + 1) if index not in self.reports and index not in self.failed)


class Cache:
    """The files of one corpus, in the collection's folder unless ``folder`` is given."""

    def __init__(self, corpus: Corpus, folder: Path | None = None) -> None:
        self.corpus, self.folder = corpus, folder or corpus.collection.parent

    def path(self, kind: str) -> Path:
        """Where ``kind`` is kept: no_cse, heuristic, or test_train."""
        return self.folder / f"{self.corpus.collection.name}.{self.corpus.key}.{kind}.json"

    def load(self, kind: str) -> dict[str, Any] | None:
        """The content of a file, None if there is none. Raises ValueError if it is not ours."""
        path = self.path(kind)
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(f"{path}: unreadable: {error}; delete it to have it made again") from error
        if not isinstance(body, dict) or body.get("schema") != SCHEMA or body.get("jit") != self.corpus.versions():
            raise ValueError(f"{path}: of another version or JIT; delete it to have it made again")
        return body

    def save(self, kind: str, content: dict[str, Any]) -> None:
        """Replace a file; whoever reads it sees the old or the new one."""
        path = self.path(kind)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        partial.write_text(json.dumps({"schema": SCHEMA, "jit": self.corpus.versions(), **content}), encoding="utf-8")
        os.replace(partial, path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this corpus's files: others that want to fill them wait, until we are done or dead."""
        with self.path("lock").with_suffix("").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def sweep(self, kind: str, pool: Pool, total: int, progress: Progress = lambda done, total: None) -> Sweep:
        """The reports of ``kind`` (``no_cse`` or ``heuristic``) for all methods; asks for those not yet in the file."""
        found = self._known(kind, total)
        saved = found.done
        try:
            for index, result in pool.each(found.missing(), WORK[kind]):
                found.add(index, result)
                progress(found.done, total)
                if found.done - saved >= max(SAVE_EVERY, saved // 10):
                    self._store(kind, found)
                    saved = found.done
        finally:  # Ctrl-C, too
            if saved != found.done:
                self._store(kind, found)
        return found

    def _known(self, kind: str, total: int) -> Sweep:
        body = self.load(kind)
        if body is None:
            return Sweep(total)
        try:
            names = tuple(body["features"]), tuple(body["method_features"])
            reports = [from_json(each, names) for each in body["reports"]]
            failed = {int(index): str(reason) for index, reason in body["failed"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{self.path(kind)}: unreadable: {error}; delete it to have it made again") from error
        return Sweep(total, {report.index: report for report in reports}, failed)

    def _store(self, kind: str, found: Sweep) -> None:
        reports = [to_json(found.reports[index]) for index in sorted(found.reports)]
        failed = {str(index): found.failed[index] for index in sorted(found.failed)}
        features, method_features = names_in(found.reports.values())
        names = {"features": list(features), "method_features": list(method_features)}
        self.save(kind, {**names, "reports": reports, "failed": failed})
