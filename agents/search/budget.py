"""How long a search may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on cost evaluations, on wall time, or on both (whichever ends first).

    ``evaluations`` counts distinct costs computed; the start state's is free, so that ten evaluations are an episode
    of ten steps. Raises ValueError unless at least one positive limit is given.
    """

    evaluations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.evaluations is None and self.seconds is None:
            raise ValueError("a search needs a budget: give evaluations, seconds or both")
        if self.evaluations is not None and self.evaluations < 1:
            raise ValueError(f"budget: evaluations must be at least 1, got {self.evaluations}")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"budget: seconds must be positive, got {self.seconds}")

    def spent(self, evaluations: int, seconds: float) -> float:
        """The part used up, 0 to 1."""
        parts = [0.0]
        if self.evaluations is not None:
            parts.append(evaluations / self.evaluations)
        if self.seconds is not None:
            parts.append(seconds / self.seconds)
        return min(1.0, max(parts))
