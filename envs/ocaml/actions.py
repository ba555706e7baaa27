"""What can be decided about a call, said in one place for the simulator, the compilers and the environment."""

from __future__ import annotations

from enum import IntEnum


class Action(IntEnum):
    """What to do with a call."""

    DEFAULT = 0  # what the compiler would do
    INLINE = 1
    NEVER = 2
