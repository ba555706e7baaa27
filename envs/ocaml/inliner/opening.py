"""Calls met while copying, and what a decision maker is asked about those that it can decide."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from gymcc.envs.ocaml.inliner.states import State
from gymcc.envs.ocaml.inliner.values import FunctionValue, Value
from gymcc.envs.ocaml.ir import Atom, CallKind, Path


class Opening(NamedTuple):
    """A call met in residual code, and whether its inlining is open to decision.

    ``path`` ends in the call's site. ``closed`` says why there is nothing to decide; empty if there is. ``callee`` is
    the function's id, None if unknown. ``branches`` and ``loops`` are how many of each are around it in the function
    being compiled. ``caller`` is the function whose source it stands in; ``call`` as it stands.
    """

    path: Path
    callee: int | None
    kind: CallKind
    closed: str
    inlined: bool
    caller: int
    branches: int
    loops: int


class Offer(NamedTuple):
    """What a decision maker is asked: the call at ``path``, what it calls, its arguments and what is known of them.

    ``branches`` and ``loops`` are how many of each are around it in the function being compiled.
    """

    path: Path
    value: FunctionValue
    args: tuple[Atom, ...]
    known: dict[int, Value]
    branches: int
    loops: int
    top: bool  # in the code of the top level, outside all functions
    state: State  # of the code that the call stands in


class Decide(Protocol):
    """Decides whether to inline a call that can be."""

    def __call__(self, offer: Offer, /) -> bool:
        """True: copy the body there."""
