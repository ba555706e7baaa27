"""What a run did that others can see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gymcc.envs.jitcse.interpreter.memory import Place

Shown = int | str  # floats in hexadecimal


@dataclass(frozen=True, slots=True)
class Store:
    """A value stored to memory."""

    place: Place
    value: Shown

    def __str__(self) -> str:
        return f"store of {self.value} to {self.place}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its arguments."""

    name: str
    arguments: tuple[Shown, ...]

    def __str__(self) -> str:
        return f"call {self.name}({', '.join(map(str, self.arguments))})"


class End(StrEnum):
    """How a run ended."""

    RETURN = "returned"
    BOUNDS = "index out of bounds"
    DIVIDE = "division by zero"
    STEPS = "out of steps"


@dataclass(frozen=True, slots=True)
class Trace:
    """Effects in order and how the run ended."""

    effects: tuple[Store | Call, ...]
    end: End
    result: Shown | None = None
