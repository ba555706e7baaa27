"""What an agent can do to a loop nest at the cursor.

=============  ==========================================================  =================================
action         effect                                                      illegal when
=============  ==========================================================  =================================
up             cursor to the enclosing loop                                outermost loop
down           cursor to the next loop inward                              innermost loop
swap_up        exchange with the enclosing loop; the cursor follows        outermost loop; partial vectors
swap_down      exchange with the next loop inward; the cursor follows      innermost loop; partial vectors
split_N        a loop of S iterations becomes S // N (here the cursor      S < N; 10 loops already;
               stays) around a new loop of N; S % N goes to the tail       partial vectors
merge          fold into the nearest outer loop of the same dimension,     no such loop; partial vectors
               at its place; the cursor goes there
unroll         replicate the loop's body                                   changes no code; too much code
vectorize      lay the loop over vector lanes although it is not the       changes no code; not the innermost
               innermost one                                               loop of the unit-stride dimension
stop           end the episode                                             never
=============  ==========================================================  =================================

*Too much code*: beyond what the code generator takes; any move that changes the nest is held to it, and only unrolled
loops come near. *Partial vectors*: the loop laid over lanes would be a split part that is no multiple of the machine's
vector width. Exchanging two loops of one dimension leaves the nest as it is and moves the cursor, as in LoopTune.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from gymcc.envs.looptune.backends.listing import same_code
from gymcc.envs.looptune.backends.size import MAX_INSTRUCTIONS, instructions
from gymcc.envs.looptune.backends.walk import Target, vector_loop
from gymcc.envs.looptune.state import Loop, LoopState, Nest

MAX_LOOPS = 10


@dataclass(frozen=True, slots=True)
class Action:
    """A named transformation: ``move`` gives the new state or, as a string, why there is none."""

    name: str
    move: Callable[[LoopState, Target], LoopState | str]


def _with_loops(state: LoopState, target: Target, loops: tuple[Loop, ...], cursor: int) -> LoopState | str:
    nest = Nest(state.nest.contraction, loops)
    return partial_vector(nest, target) or too_large(nest, target) or LoopState(nest, cursor)


def partial_vector(nest: Nest, target: Target) -> str:
    """Why the vectorised loop of a nest would waste lanes, empty if it does not."""
    index = vector_loop(nest)
    if index is None:
        return ""
    block, dim = nest.blocks()[index], nest.loops[index].dim
    if block == nest.contraction.extents[dim] or block % target.lanes == 0:
        return ""
    name = nest.contraction.dims[dim]
    return f"would lay an {name} loop of {block} over the {target.lanes} lanes of a vector"


def too_large(nest: Nest, target: Target) -> str:
    """Why the code of a nest would be too large, empty if it is not; only `unroll` ever makes it so."""
    if not any(loop.unroll for loop in nest.loops):
        return ""
    size = instructions(nest, target)
    return f"the code would have {size} instructions, more than {MAX_INSTRUCTIONS}" if size > MAX_INSTRUCTIONS else ""


def _up(state: LoopState, target: Target) -> LoopState | str:
    return replace(state, cursor=state.cursor - 1) if state.cursor else "the cursor is at the outermost loop"


def _down(state: LoopState, target: Target) -> LoopState | str:
    if state.cursor == len(state.nest.loops) - 1:
        return "the cursor is at the innermost loop"
    return replace(state, cursor=state.cursor + 1)


def _swap(state: LoopState, target: Target, upper: int, cursor: int) -> LoopState | str:
    loops = state.nest.loops
    outer, inner = loops[upper], loops[upper + 1]
    if outer.dim == inner.dim:
        return replace(state, cursor=cursor)
    return _with_loops(state, target, (*loops[:upper], inner, outer, *loops[upper + 2 :]), cursor)


def _swap_up(state: LoopState, target: Target) -> LoopState | str:
    if state.cursor == 0:
        return "the cursor is at the outermost loop"
    return _swap(state, target, state.cursor - 1, state.cursor - 1)


def _swap_down(state: LoopState, target: Target) -> LoopState | str:
    if state.cursor == len(state.nest.loops) - 1:
        return "the cursor is at the innermost loop"
    return _swap(state, target, state.cursor, state.cursor + 1)


def _split_by(state: LoopState, target: Target, factor: int) -> LoopState | str:
    at, loops = state.cursor, state.nest.loops
    size, _ = state.nest.trips(at)
    if len(loops) >= MAX_LOOPS:
        return f"the nest already has {MAX_LOOPS} loops"
    if size < factor:
        return f"the loop has {size} iterations, fewer than {factor}"
    loop = loops[at]
    parts = (Loop(loop.dim, loop.step * factor), Loop(loop.dim, loop.step))
    return _with_loops(state, target, (*loops[:at], *parts, *loops[at + 1 :]), at)


def _split(factor: int) -> Action:
    return Action(f"split_{factor}", partial(_split_by, factor=factor))


def _merge(state: LoopState, target: Target) -> LoopState | str:
    at, loops = state.cursor, state.nest.loops
    loop = loops[at]
    above = [index for index in range(at) if loops[index].dim == loop.dim]
    if not above:
        return f"no outer loop over {state.nest.contraction.dims[loop.dim]} to merge with"
    parent = above[-1]
    merged = (*loops[:parent], Loop(loop.dim, loop.step), *loops[parent + 1 : at], *loops[at + 1 :])
    return _with_loops(state, target, merged, parent)


def _annotate(state: LoopState, loop: Loop) -> tuple[Loop, ...]:
    at, loops = state.cursor, state.nest.loops
    return (*loops[:at], loop, *loops[at + 1 :])


def _unroll(state: LoopState, target: Target) -> LoopState | str:
    loops = _annotate(state, replace(state.nest.loops[state.cursor], unroll=True))
    nest = Nest(state.nest.contraction, loops)
    if same_code(state.nest, nest, target):
        return "unrolling this loop changes no code"
    return too_large(nest, target) or replace(state, nest=nest)


def _vectorize(state: LoopState, target: Target) -> LoopState | str:
    loops = _annotate(state, replace(state.nest.loops[state.cursor], vectorize=True))
    if same_code(state.nest, Nest(state.nest.contraction, loops), target):
        return "vectorizing this loop changes no code"
    return _with_loops(state, target, loops, state.cursor)


def _stop(state: LoopState, target: Target) -> LoopState | str:
    return replace(state, stopped=True)


LOOPTUNE = (
    Action("up", _up),
    Action("down", _down),
    Action("swap_up", _swap_up),
    Action("swap_down", _swap_down),
    _split(4),
    _split(8),
    _split(16),
)
EXTENDED = (
    *LOOPTUNE,
    *(_split(factor) for factor in (2, 32, 64, 128, 256, 512, 1024)),
    Action("merge", _merge),
    Action("unroll", _unroll),
    Action("vectorize", _vectorize),
    Action("stop", _stop),
)
ACTION_SETS = {"looptune": LOOPTUNE, "extended": EXTENDED}
