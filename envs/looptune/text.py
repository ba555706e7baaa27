"""Loop nests as text: one line that parses back, and an indented listing for people."""

from __future__ import annotations

import re

from gymcc.envs.looptune.instance import instance_of, parse
from gymcc.envs.looptune.state import Contraction, Loop, LoopState, Nest

_LOOP = re.compile(r"([a-z])/([1-9][0-9]*)(u?)(v?)")
_STATE = re.compile(r"(\S+): (.+) @(0|[1-9][0-9]*)( stop)?")


def write(state: LoopState) -> str:
    """``m64_n96_k128: m/8 n/16 k/1 m/1 n/1v @2``: instance, loops as dimension/step (u unroll, v vectorize), cursor."""
    nest = state.nest
    names = nest.contraction.dims
    loops = " ".join(f"{names[loop.dim]}/{loop.step}{'u' * loop.unroll}{'v' * loop.vectorize}" for loop in nest.loops)
    return f"{instance_of(nest.contraction)}: {loops} @{state.cursor}{' stop' if state.stopped else ''}"


def read(text: str) -> LoopState:
    """Inverse of :func:`write`; raises ValueError saying what is wrong."""
    match = _STATE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a loop nest: {text!r}; expected e.g. 'm64_n96_k128: m/8 n/16 k/1 m/1 n/1 @0'")
    instance, loops, cursor, stop = match.groups()
    contraction = parse(instance)
    nest = Nest(contraction, tuple(_read_loop(part, contraction) for part in loops.split(" ")))
    if int(cursor) >= len(nest.loops):
        raise ValueError(f"cursor {cursor} is outside the {len(nest.loops)} loops")
    return LoopState(nest, int(cursor), stop is not None)


def _read_loop(text: str, contraction: Contraction) -> Loop:
    match = _LOOP.fullmatch(text)
    if match is None or match[1] not in contraction.dims:
        raise ValueError(f"not a loop: {text!r}; expected a dimension of {contraction.dims}, '/', and a step")
    return Loop(contraction.dims.index(match[1]), int(match[2]), bool(match[3]), bool(match[4]))


def tree(state: LoopState) -> str:
    """The nest indented, one loop a line with size, tail and annotations, the cursor marked ``>``."""
    nest = state.nest
    names = nest.contraction.dims
    lines = []
    for index, loop in enumerate(nest.loops):
        size, tail = nest.trips(index)
        notes = f"{f' r {tail}' * bool(tail)}{' unroll' * loop.unroll}{' vectorize' * loop.vectorize}"
        mark = ">" if index == state.cursor else " "
        lines.append(f"{mark} {'  ' * index}for {names[loop.dim]} in {size}{notes}  [step {loop.step}]")
    lines.append(f"  {'  ' * len(nest.loops)}C += A * B")
    return "\n".join(lines)
