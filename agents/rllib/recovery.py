"""Lost runners: looked for rarely, since each look waits; without any left, training cannot go on here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.rllib.algorithms.algorithm import Algorithm

LOOK_SECONDS = 60.0  # between looks for lost runners; one that Ray can restart nowhere holds each look up for 5 seconds
ALONE_SECONDS = 120.0  # for a first runner to come back where all are lost


class RunnersLost(RuntimeError):
    """All runners are lost and none came back; the job may go on elsewhere from its last checkpoint."""


def look_rarely(algorithm: Algorithm) -> None:
    """Have RLlib, which looks for lost runners before every training step, look once a minute.

    Where all are lost, look until one is back; raises :class:`RunnersLost` from training after two minutes.
    """
    stock = algorithm.restore_env_runners
    last = -LOOK_SECONDS

    def restore(group: Any) -> list[int]:
        nonlocal last
        healthy = group.num_healthy_remote_workers()
        if healthy == group.num_remote_workers():
            return []
        if healthy == 0:
            return _wait(stock, group)
        if time.monotonic() < last + LOOK_SECONDS:
            return []
        restored: list[int] = stock(group)
        last = time.monotonic()
        return restored

    algorithm.restore_env_runners = restore


def _wait(look: Any, group: Any) -> list[int]:
    """Look until a runner is back; raises :class:`RunnersLost`."""
    deadline = time.monotonic() + ALONE_SECONDS
    while True:
        restored: list[int] = look(group)
        if restored:
            return restored
        if time.monotonic() > deadline:
            raise RunnersLost(
                f"all {group.num_remote_workers()} runners are lost and none came back within {ALONE_SECONDS:.0f} s"
            )
        time.sleep(1)
