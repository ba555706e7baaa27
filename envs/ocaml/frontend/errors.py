"""What the front end says of a program that it does not take."""

from __future__ import annotations

from gymcc.envs.ocaml.ir import Position


class OcamlError(ValueError):
    """A program outside of the subset, or wrong: the place, what was found there and what is allowed."""

    def __init__(self, message: str, at: Position) -> None:
        super().__init__(f"line {at.line}, column {at.column}: {message}")
        self.at = at

    @property
    def line(self) -> int:
        """From 1."""
        return self.at.line

    @property
    def column(self) -> int:
        """From 0, as OCaml counts."""
        return self.at.column
