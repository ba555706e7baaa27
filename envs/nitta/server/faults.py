"""Faults that a server commits on purpose, for trying clients out: ``--fault MODE[:RATE]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from threading import Lock

MODES = {
    "slow": "the answer comes SLOW_SECONDS late",
    "close": "the connection is closed without an answer, as NITTA does when it crashes",
    "500": "an internal error",
    "malformed": "half of the JSON",
}
SLOW_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """``mode`` is one of :data:`MODES`, ``rate`` the share of requests that it befalls."""

    mode: str
    rate: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Fault:
        """``close`` or ``close:0.1``; raises ValueError naming the form."""
        mode, colon, rate = text.partition(":")
        try:
            share = float(rate) if colon else 1.0
        except ValueError:
            share = -1.0
        if mode not in MODES or not 0 <= share <= 1:
            raise ValueError(f"fault {text!r} is not MODE[:RATE], MODE of {', '.join(MODES)}, RATE between 0 and 1")
        return cls(mode, share)


class Faults:
    """Draws which fault, if any, befalls the next request; the same draws in every run.

    The first request is spared, so that a client gets to know that the server runs. Thread-safe.
    """

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults, self._random, self._lock = tuple(faults), Random(0), Lock()
        self._first = True

    def next(self) -> str:
        """The mode of the next request's fault, empty for none."""
        with self._lock:
            drawn = [fault.mode for fault in self._faults if self._random.random() < fault.rate]
            spared, self._first = self._first, False
        return drawn[0] if drawn and not spared else ""
