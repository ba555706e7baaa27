"""What has been decided on a method."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CseState:
    """A method and the candidates kept in temporaries so far; in which order they were chosen makes no difference."""

    method: str  # instance id
    chosen: frozenset[int] = frozenset()
    stopped: bool = False

    def with_candidate(self, number: int) -> CseState:
        """One more candidate kept."""
        return replace(self, chosen=self.chosen | {number})

    def stop(self) -> CseState:
        """No more decisions."""
        return replace(self, stopped=True)


def write(state: CseState) -> str:
    """As text: ``gen/7 1,3 stop``; :func:`read` reads it back."""
    chosen = ",".join(str(number) for number in sorted(state.chosen)) or "none"
    return f"{state.method} {chosen}" + (" stop" if state.stopped else "")


def read(text: str) -> CseState:
    """Inverse of :func:`write`; raises ValueError."""
    match text.split(" "):
        case [method, chosen]:
            stopped = False
        case [method, chosen, "stop"]:
            stopped = True
        case _:
            raise ValueError(f"not a state: {text!r}; expected METHOD CANDIDATES|none [stop]")
    numbers = [] if chosen == "none" else chosen.split(",")
    if not all(number.isascii() and number.isdigit() and len(number) <= 2 for number in numbers):
        raise ValueError(f"candidates are numbers separated by commas, or none; got {chosen!r}")
    state = CseState(method, frozenset(map(int, numbers)), stopped)
    if write(state) != text:
        raise ValueError(f"candidates are listed once each, in order; got {chosen!r}")
    return state
