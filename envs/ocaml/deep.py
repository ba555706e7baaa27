"""Room for deep recursion: Python's frames need no C stack, so its limit on them can be raised while we work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_LOCK = Lock()
_wanted: list[int] = []  # the limits of those at work now
_before = 0


@contextmanager
def recursion(frames: int) -> Iterator[None]:
    """Allow ``frames`` nested Python calls inside; the limit falls back when the last who asked for more is done."""
    global _before
    with _LOCK:
        if not _wanted:
            _before = sys.getrecursionlimit()
        _wanted.append(frames)
        sys.setrecursionlimit(max(_before, *_wanted))
    try:
        yield
    finally:
        with _LOCK:
            _wanted.remove(frames)
            sys.setrecursionlimit(max([_before, *_wanted]))
