"""How programs of an experiment stand, by SmartSim's words."""

from __future__ import annotations

from typing import Protocol

NEW, RUNNING, COMPLETED, FAILED, CANCELLED = "New", "Running", "Completed", "Failed", "Cancelled"
OVER = (COMPLETED, FAILED, CANCELLED)


class Started(Protocol):
    """A program that was started, wherever."""

    def status(self) -> str:
        """One of the words above but ``New``."""

    def stop(self) -> None:
        """End it with all its processes, if it is not over."""
