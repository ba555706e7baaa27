"""The trees of all candidates and how they nest: what decides, choice by choice, which become code and how.

A definition of a chosen candidate is always made. A use is made unless the nearest tree around it that belongs to a
chosen candidate is a use too: then that one's temporary is read instead. In a hoisted statement nobody reads the value,
so that only definitions are made, and the uses inside them.
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
    hoisted: bool  # the statement was planted by hoisting
    parents: tuple[int, ...]  # the roles around it, indices into :func:`roles`' result, innermost first


def roles(analysis: Analysis) -> tuple[Role, ...]:
    """The trees of all viable candidates, by block and statement, each tree before those around it."""
    planted = hoisted_statements(analysis)
    found = sorted(
        [
            (each.block, each.statement, (*each.path, _LAST), number, each.is_def)
            for number, candidate in enumerate(analysis.candidates)
            if candidate.viable
            for each in candidate.occurrences
        ]
    )
    index = {each[:3]: position for position, each in enumerate(found)}
    return tuple(
        [
            Role(number, block, statement, path[:-1], is_def, (block, statement) in planted, _around(place, index))
            for place in found
            for block, statement, path, number, is_def in [place]
        ]
    )


def hoisted_statements(analysis: Analysis) -> frozenset[tuple[int, int]]:
    """Block and statement of all trees planted by hoisting."""
    return frozenset(
        [(each.block, each.statement) for one in analysis.candidates for each in one.occurrences if each.hoisted]
    )


def settle(table: tuple[Role, ...], choice: Choice) -> Choice:
    """The part of ``choice`` that matters: viable candidates of which, given the rest, some use is left.

    RyuJIT skips a candidate whose uses have all vanished with larger ones; the largest such set does not depend on any
    order.
    """
    kept = choice & frozenset([role.candidate for role in table])
    while True:
        left = frozenset([role.candidate for role in table if not role.is_def and is_made(table, role, kept)])
        if left == kept:
            return kept
        kept = left


def is_made(table: tuple[Role, ...], role: Role, choice: Choice) -> bool:
    """Whether a choice makes ``role`` of ``table`` a store to its temporary or a read of it."""
    if role.candidate not in choice or role.is_def:
        return role.candidate in choice
    around = next((table[parent] for parent in role.parents if table[parent].candidate in choice), None)
    return not role.hoisted if around is None else around.is_def


_LAST = 1 << 30  # behind any child: a tree sorts after the trees inside it
_Place = tuple[int, int, tuple[int, ...]]


def _around(place: tuple[int, int, tuple[int, ...], int, bool], index: dict[_Place, int]) -> tuple[int, ...]:
    block, statement, path = place[:3]
    paths = [(*path[:length], _LAST) for length in range(len(path) - 2, -1, -1)]
    found = [index.get((block, statement, each)) for each in paths]
    return tuple([each for each in found if each is not None])
