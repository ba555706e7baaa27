"""Runs programs: what they print, and how often each block runs in each calling context."""

from __future__ import annotations

from gymcc.envs.ocaml.interpreter.arithmetic import FOLDS
from gymcc.envs.ocaml.interpreter.contexts import Context, Profile
from gymcc.envs.ocaml.interpreter.errors import (
    DivisionByZero,
    Failure,
    IndexOutOfBounds,
    InvalidArgument,
    MatchFailure,
    OutOfFuel,
    ProgramError,
    StackOverflow,
    TooManyContexts,
    UnspecifiedShift,
)
from gymcc.envs.ocaml.interpreter.run import Compiled, Run, compile_program, run

__all__ = [
    "FOLDS",
    "Compiled",
    "Context",
    "DivisionByZero",
    "Failure",
    "IndexOutOfBounds",
    "InvalidArgument",
    "MatchFailure",
    "OutOfFuel",
    "Profile",
    "ProgramError",
    "Run",
    "StackOverflow",
    "TooManyContexts",
    "UnspecifiedShift",
    "compile_program",
    "run",
]
