"""A program of the user's own, as an environment takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OwnProgram:
    """A file, or several that make one program."""

    name: str
    options: dict[str, Any]  # of the environment, whose only instance it then is
    method: str  # the search to take where nobody asks for another
