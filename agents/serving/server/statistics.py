"""Counts of what the server has done: of itself for INFO, of each model and script for AI.INFO."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Runs:
    """Executions of a model or script."""

    seconds: float = 0.0
    samples: int = 0  # rows of the batches
    calls: int = 0
    errors: int = 0

    def note(self, seconds: float, samples: int) -> None:
        """Count one that went well."""
        self.seconds += seconds
        self.samples += samples
        self.calls += 1

    def fail(self) -> None:
        """Count one that did not."""
        self.calls += 1
        self.errors += 1


@dataclass(slots=True)
class Statistics:
    """Of a server since it started."""

    started: float = field(default_factory=time.time)
    commands: int = 0
    connections: int = 0
    rejected: int = 0
    received: int = 0  # bytes
    sent: int = 0
    repeated: int = 0  # commands that were recognised as sent again
    runs: dict[bytes, Runs] = field(default_factory=dict)

    def reset(self) -> None:
        """Count from zero."""
        self.commands = self.connections = self.rejected = self.received = self.sent = self.repeated = 0

    def of(self, key: bytes) -> Runs:
        """The counts of the model or script at ``key``."""
        found = self.runs.get(key)
        if found is None:
            found = self.runs[key] = Runs()
        return found
