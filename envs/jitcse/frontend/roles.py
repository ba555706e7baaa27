"""The trees of all candidates and how they nest: what decides, choice by choice, which are emitted and how.

A definition of a chosen candidate is always emitted. A use is emitted unless the nearest tree around it that belongs
to a chosen candidate is a use too: then that one's temporary is read instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Analysis, Choice


@dataclass(frozen=True, slots=True)
class Role:
    """A tree of a viable candidate."""

    candidate: int
    block: int
    statement: int
    path: tuple[int, ...]  # child indices from the statement's root
    is_def: bool
    hoisted: bool  # the root of a statement planted by hoisting: dropped if not chosen, but for definitions inside
    parents: tuple[int, ...]  # the roles around it, indices into :func:`roles`' result, innermost first


def roles(analysis: Analysis) -> tuple[Role, ...]:
    """The trees of all viable candidates, by block and statement, each tree before those around it."""
    found = [
        (each.block, each.statement, each.path, number, each)
        for number, candidate in enumerate(analysis.candidates)
        if candidate.viable
        for each in candidate.occurrences
    ]
    # A path that goes on sorts before the path itself: in order of evaluation.
    found.sort(key=lambda each: (each[0], each[1], (*each[2], _LAST)))
    index = {each[:3]: position for position, each in enumerate(found)}
    return tuple(
        [
            Role(number, block, statement, path, each.is_def, each.hoisted, _parents(block, statement, path, index))
            for block, statement, path, number, each in found
        ]
    )


def emitted(table: tuple[Role, ...], choice: Choice) -> tuple[int, ...]:
    """The roles that a choice makes code of, as indices into ``table``."""
    found = []
    for index, role in enumerate(table):
        if role.candidate in choice:
            around = None if role.is_def else next((p for p in role.parents if table[p].candidate in choice), None)
            if around is None or table[around].is_def:
                found.append(index)
    return tuple(found)


_LAST = 1 << 30  # after any child


def _parents(
    block: int, statement: int, path: tuple[int, ...], index: dict[tuple[int, int, tuple[int, ...]], int]
) -> tuple[int, ...]:
    around = [index.get((block, statement, path[:length])) for length in range(len(path) - 1, -1, -1)]
    return tuple([each for each in around if each is not None])
