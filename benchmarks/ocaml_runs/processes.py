"""Workers as processes of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Thread
from time import sleep

from gymcc.benchmarks.ocaml_runs.measuring import Measure, Outcome, Spec, Task, Worker

_WORKERS: list[Worker] = []  # of this process


@contextmanager
def processes(spec: Spec, count: int) -> Iterator[Measure]:
    """Measures on ``count`` processes, on this one if that is 1; they end with this one, however that ends."""
    if count == 1:
        worker = Worker(spec)
        yield lambda tasks: map(worker, tasks)
        return
    start = (spec, os.getpid())
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_start, initargs=start) as pool:
        yield lambda tasks: pool.map(_work, tasks)


def _start(spec: Spec, parent: int) -> None:
    _WORKERS.append(Worker(spec))
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """Pools wait for work for ever when the process that has it is killed."""
    while os.getppid() == parent:
        sleep(0.5)
    os._exit(1)


def _work(task: Task) -> Outcome:
    return _WORKERS[0](task)
