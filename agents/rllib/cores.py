"""One measuring process per core: who measures on a core holds a lock on it until the process ends.

The locks are per user and machine, so that runners of several trainings, and those of one that Ray put wherever it
liked, keep apart. A SLURM job sees only the cores that it was given, if the cluster confines jobs.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

SECONDS = 10.0  # for a runner that is being replaced to let go of its core


@lru_cache(maxsize=1)
def available_cores() -> list[int]:
    """Cores this process may run on, as found before any pinning."""
    return sorted(os.sched_getaffinity(0))


@lru_cache(maxsize=1)
def pin(worker: int) -> int:
    """Bind this process, the runner of that number from 1 on, to a core where no other process measures; the core.

    Where all are taken it shares one, with a warning.
    """
    cores = available_cores()
    deadline = time.monotonic() + SECONDS
    while (core := claim(cores)) is None:
        if time.monotonic() > deadline:
            core = cores[(worker - 1) % len(cores)]
            warnings.warn(f"all {len(cores)} cores here measure already: costs will disturb each other", stacklevel=2)
            break
        time.sleep(0.2)
    os.sched_setaffinity(0, {core})
    return core


_held: list[int] = []  # descriptors of locks, open as long as the process lives


def claim(cores: Sequence[int]) -> int | None:
    """A core that nobody had claimed, claimed until this process ends; None if there is none."""
    folder = Path(tempfile.gettempdir()) / f"gymcc-cores-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for core in cores:
        descriptor = os.open(folder / str(core), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        _held.append(descriptor)
        return core
    return None
