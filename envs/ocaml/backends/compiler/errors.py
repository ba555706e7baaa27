"""What can go wrong with a compiler or a program, each with what to do about it."""

from __future__ import annotations

from gymcc.envs.core.problem import BackendError


class BadProgram(ValueError):
    """The program cannot be worked on: it does not compile, end, or print anything; the message names the place."""


class WrongCompiler(BackendError):
    """The compiler is of a version that is not supported, or not of the middle end that was asked for."""


class OutputChanged(BackendError):
    """The program printed something else than the original did."""
