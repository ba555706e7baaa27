"""What surrounds a training: a local Ray, silence while it starts, and Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from gymcc.agents.rllib.cores import available_cores

OBJECT_STORE = 256 << 20  # bytes; episodes and weights in flight


@contextmanager
def local_ray(runners: int) -> Iterator[None]:
    """A local, quiet Ray, unless one is running already."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    with sigterm_kept():
        ray.init(
            num_cpus=max(runners + 1, len(available_cores())),
            num_gpus=0,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=OBJECT_STORE,
        )
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def sigterm_kept() -> Iterator[None]:
    """Afterwards SIGTERM does what it did before: connecting to Ray has it abort the process, with a trace."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Within, nothing is printed: Ray and RLlib greet with advice on API versions. Faults still raise."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Within, the first Ctrl-C or SIGTERM only sets the event; the next one acts as usual."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def note(number: int, frame: Any) -> None:
        asked.set()
        for each in signals:
            signal.signal(each, before[each])

    for number in signals:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number in signals:
            signal.signal(number, before[number])
