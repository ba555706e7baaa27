"""What has been measured, in one file that several processes may use at once and that does not grow past a bound."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
ENTRIES = 200_000  # some 40 MB
WAIT_SECONDS = 10.0  # for another process to be done with the file
_TABLE = "CREATE TABLE IF NOT EXISTS found (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
_ORDER = "CREATE TABLE IF NOT EXISTS made (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class Cache:
    """Small JSON values by key; the oldest go first. A file that cannot be used is as good as an empty one.

    Values are of deterministic things only, so that whoever computes one again writes the same.
    """

    path: Path
    entries: int = ENTRIES

    def get(self, key: str) -> Any | None:
        """The value under ``key``, or None."""
        row = self._do(lambda file: file.execute("SELECT value FROM found WHERE key = ?", (key,)).fetchone())
        return json.loads(row[0]) if row else None

    def put(self, key: str, value: Any) -> None:
        """Keep ``value``, dropping the oldest past the bound."""
        self._do(lambda file: self._insert(file, key, json.dumps(value)))

    def __len__(self) -> int:
        return self._do(lambda file: int(file.execute("SELECT count(*) FROM found").fetchone()[0])) or 0

    def _insert(self, file: sqlite3.Connection, key: str, text: str) -> None:
        if file.execute("INSERT OR IGNORE INTO found VALUES (?, ?)", (key, text)).rowcount == 0:
            return
        number = file.execute("INSERT INTO made (key) VALUES (?)", (key,)).lastrowid or 0
        old = number - self.entries
        file.execute("DELETE FROM found WHERE key IN (SELECT key FROM made WHERE number <= ?)", (old,))
        file.execute("DELETE FROM made WHERE number <= ?", (old,))

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        with suppress(OSError, sqlite3.Error):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS)) as file, file:
                file.execute(_TABLE)
                file.execute(_ORDER)
                return work(file)
        return None
