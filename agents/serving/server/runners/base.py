"""The contract of a compiled model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gymcc.agents.serving.server.values import Array


class Runner(Protocol):
    """A compiled model. Called from any thread, several at a time."""

    def run(self, arrays: Sequence[Array]) -> Sequence[Array]:
        """The outputs for inputs, which are read-only; whatever it raises becomes the error reply."""
