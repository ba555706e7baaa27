"""What has been decided on a program, and what is to be decided next."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.ir import Path

LETTERS = {Action.DEFAULT: "d", Action.INLINE: "i", Action.NEVER: "n"}
ACTIONS = {letter: action for action, letter in LETTERS.items()}


@dataclass(frozen=True, slots=True)
class InlineState:
    """Decisions in the order in which they were taken, and the calls that are still to be decided, the next first.

    ``opened``: calls in copied bodies that have been put on the agenda so far.
    """

    program: str  # instance id
    agenda: tuple[Path, ...]
    decisions: tuple[tuple[Path, Action], ...] = ()
    opened: int = 0

    @property
    def path(self) -> Path | None:
        """The call that is to be decided, None at the end."""
        return self.agenda[0] if self.agenda else None

    def decided(self, action: Action, opens: tuple[Path, ...] = ()) -> InlineState:
        """The state after a decision that opens calls in the copied body."""
        decisions = (*self.decisions, (self.agenda[0], action))
        return InlineState(self.program, opens + self.agenda[1:], decisions, self.opened + len(opens))


def write(state: InlineState) -> str:
    """As text: ``bdd inn``, a letter for each decision; ``-`` for none."""
    return f"{state.program} {''.join(LETTERS[action] for _, action in state.decisions) or '-'}"


def read(text: str) -> tuple[str, tuple[Action, ...]]:
    """The instance and the decisions of a text that :func:`write` made; raises ValueError."""
    instance, _, letters = text.rpartition(" ")
    letters = "" if letters == "-" else letters
    if not instance or any(letter not in ACTIONS for letter in letters):
        raise ValueError(f"not a state: {text!r}; expected PROGRAM LETTERS, of {', '.join(ACTIONS)}, or - for none")
    return instance, tuple(ACTIONS[letter] for letter in letters)
