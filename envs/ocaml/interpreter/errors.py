"""How a program can end other than by reaching its end."""

from __future__ import annotations

from gymcc.envs.ocaml.ir import Position


class ProgramError(RuntimeError):
    """The program ended early; ``at`` is where, if known, ``output`` what it had printed."""

    def __init__(self, message: str, at: Position | None = None) -> None:
        super().__init__(f"line {at.line}, column {at.column}: {message}" if at else message)
        self.at = at
        self.output = ""


class IndexOutOfBounds(ProgramError):
    """An array or string has no such index (OCaml: Invalid_argument "index out of bounds")."""


class DivisionByZero(ProgramError):
    """An integer was divided by zero."""


class MatchFailure(ProgramError):
    """No case of a match fits."""


class Failure(ProgramError):
    """The program called ``failwith``."""


class InvalidArgument(ProgramError):
    """A library function was given what it does not take, or the program called ``invalid_arg``."""


class UnspecifiedShift(ProgramError):
    """A shift by less than 0 or more than 62 bits, of which OCaml does not say what it gives."""


class StackOverflow(ProgramError):
    """Too many calls inside each other."""


class OutOfFuel(ProgramError):
    """The program ran longer than it was allowed to."""


class TooManyContexts(ProgramError):
    """The program has more calling contexts than we keep counts for."""
