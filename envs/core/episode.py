"""What has happened so far: the value that observations look at and that an environment carries from step to step."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Episode(Generic[S]):
    """One instance being decided on. Forking an environment shares this value."""

    instance: str
    state: S
    max_steps: int
    actions: tuple[int, ...] = ()  # those applied, in order
    steps: int = 0  # attempts, illegal ones included

    def moved(self, action: int, state: S) -> Episode[S]:
        """The episode after a legal action."""
        return Episode(self.instance, state, self.max_steps, (*self.actions, action), self.steps + 1)

    def stood_still(self) -> Episode[S]:
        """The episode after an illegal action: a step was spent."""
        return replace(self, steps=self.steps + 1)

    @property
    def steps_left(self) -> int:
        """Attempts before truncation."""
        return self.max_steps - self.steps
