"""Better, the same or worse: how a method stands to another, instance by instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EQUAL = 1e-9  # relative difference up to which two costs are the same
MEASURED_EQUAL = 0.01  # of costs that are measured


@dataclass(frozen=True, slots=True)
class Standing:
    """Gains over another method on the instances that both know; above 1 is better."""

    gains: Mapping[str, float]  # by instance: the other's cost / ours
    tolerance: float  # relative difference of costs up to which they are the same

    @property
    def better(self) -> dict[str, float]:
        """The gains of the instances where our cost is lower by more than the tolerance."""
        return {key: gain for key, gain in self.gains.items() if 1 / gain < 1 - self.tolerance}

    @property
    def worse(self) -> dict[str, float]:
        """The gains of those where it is higher by more than the tolerance."""
        return {key: gain for key, gain in self.gains.items() if 1 / gain > 1 + self.tolerance}

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many instances are better, the same, worse."""
        better, worse = len(self.better), len(self.worse)
        return better, len(self.gains) - better - worse, worse


def standing(ours: Mapping[str, float], theirs: Mapping[str, float], deterministic: bool) -> Standing | None:
    """From scores over one baseline by instance (higher is better); None if no instance is shared."""
    gains = {key: ours[key] / theirs[key] for key in ours if key in theirs}
    return Standing(gains, EQUAL if deterministic else MEASURED_EQUAL) if gains else None
