"""``python -m gymcc.agents.launch.driver RUN``: the training process of a launch.

With ``RAY_ADDRESS`` set it joins that cluster, once all the nodes named in ``GYMCC_NODES`` are there; else it starts a
Ray of its own on this machine. It goes on from the run folder's newest checkpoint, if there is one, and on SIGTERM
leaves another. Ends with status 0 when the budget is spent, 130 when it was told to stop, 75 when all its workers are
lost, 2 with the reason in a line.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import gmtime, strftime
from typing import Any

from gymcc.agents.config import ConfigError
from gymcc.agents.launch.books import Books
from gymcc.agents.launch.cluster import Cluster
from gymcc.agents.launch.state import STOPPED
from gymcc.agents.rllib.folder import RunFolder, RunFolderError
from gymcc.agents.rllib.recovery import RunnersLost

REFUSED = 2
AGAIN = 75  # EX_TEMPFAIL of sysexits.h: elsewhere it may go on


def main(arguments: list[str]) -> int:
    """Train; the exit status, which the run's books keep too."""
    parser = argparse.ArgumentParser(prog="gymcc.agents.launch.driver")
    parser.add_argument("run", type=Path)
    parser.add_argument("--joined", type=Path, help="file to make once all nodes are there")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds for all nodes to join")
    options = parser.parse_args(arguments)
    books = Books(options.run)
    try:
        if not books.folder.is_dir():
            raise RunFolderError(f"{options.run}: nothing was launched here (no folder launch)")
        with RunFolder(books.folder).locked():  # who comes second, as by sbatch twice, leaves the books of the first
            return _booked(books, lambda: _train(options.run, books, options.joined, options.patience))
    except RunFolderError as error:
        say(str(error))
        return REFUSED


def _booked(books: Books, work: Callable[[], None]) -> int:
    status = 1
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # before the first iteration just end
    try:
        books.begin()
        status = _guarded(work, books.run)
    finally:
        signal.signal(signal.SIGTERM, before)
        with suppress(OSError):  # of a full disk: SLURM knows the status, too
            books.end(status)
    return status


def _guarded(work: Callable[[], None], run: Path) -> int:
    try:
        work()
    except (KeyboardInterrupt, SystemExit):  # the latter is Ray's on SIGTERM
        kept = RunFolder(run).latest()
        say(f"stopped, with checkpoint {kept.name} to go on from" if kept else "stopped before the first checkpoint")
        return STOPPED
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        if os.environ.get("GYMCC_DEBUG"):
            traceback.print_exc()
        say(_reason(error, run))
        return AGAIN if isinstance(error, RunnersLost) else REFUSED
    return 0


def _reason(error: Exception, run: Path) -> str:
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return str(error)
    kept = RunFolder(run).latest()
    left = f"checkpoint {kept.name} is whole, and --resume goes on from it" if kept else "there is no checkpoint yet"
    return f"the disk is full ({error.filename2 or error.filename or run}); {left}"


def _train(run: Path, books: Books, joined: Path | None, patience: float) -> None:
    from gymcc.agents.rllib.train import train

    runners = RunFolder.open(run).experiment().runners.num_env_runners  # faults in the config are told at once
    cluster = Cluster(os.environ.get("GYMCC_NODES", "").split())
    if address := os.environ.get("RAY_ADDRESS"):
        cluster.join(address, patience)
        _check_room(runners, cluster.cpus())
        say(f"{cluster} of {address} at work")
        if joined:
            joined.touch()

    def progress(row: dict[str, Any]) -> None:
        print(", ".join(f"{name} {_figure(value)}" for name, value in row.items()), flush=True)
        for name in cluster.lost():
            say(f"node {name} is lost; training goes on with {cluster}")

    train(None, run, resume=True, wandb_run=books.facts().get("wandb_run"), progress=progress)


def _check_room(runners: int, cpus: int) -> None:
    if runners > cpus:
        raise ConfigError(
            f"runners.num_env_runners: {runners} processes do not fit into the {cpus} cores that this Ray cluster has "
            f"for them; allowed: 0 to {cpus}"
        )


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def say(text: str) -> None:
    """A line for the job's log."""
    with suppress(OSError):  # a full disk must not hide the exit status
        print(f"{strftime('%FT%TZ', gmtime())} gymcc: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
