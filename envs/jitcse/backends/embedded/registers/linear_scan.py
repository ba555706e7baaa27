"""Linear scan (Poletto and Sarkar 1999) over whole lifetimes, with registers that calls preserve and others.

Lifetimes are visited by their start. One that a call interrupts needs a preserved register. Any other takes a trashed
one, or a preserved one if none is free. Where none is left, the lifetime that is cheapest on the stack goes there.
Which register of a kind it is costs nothing, so they are only counted; :func:`named` hands out names afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from gymcc.envs.jitcse.backends.embedded.machine import RegisterFile

_ID_BITS = 32
_ID_MASK = (1 << _ID_BITS) - 1


class Interval(NamedTuple):
    """A lifetime; sorts as the scan wants it."""

    start: int  # position, inclusive
    id: int  # of a local, or from ``FIRST_EXTRA_ID`` on
    end: int  # position, inclusive
    crossing: int  # 1: alive across a call; 2: and no register preserves all of it


FIRST_EXTRA_ID = 1 << 20
_EXTRAS_PER_STATEMENT = 64


def extra_id(position: int, number: int) -> int:
    """The id of a statement's extra value."""
    return FIRST_EXTRA_ID + position * _EXTRAS_PER_STATEMENT + number


def extra_parts(id_: int) -> tuple[int, int]:
    """Position and number of an extra value's id."""
    return divmod(id_ - FIRST_EXTRA_ID, _EXTRAS_PER_STATEMENT)


class Allocation(NamedTuple):
    """Where the lifetimes of one class of registers went."""

    spilled: list[int]  # to the stack
    saved: list[int]  # to preserved registers; may name some that were spilled later
    used: int  # preserved registers taken


def linear_scan(
    intervals: Iterable[tuple[int, int, int, int]], trashed: int, saved: int, price: Callable[[int], float]
) -> Allocation:
    """Allocate ``intervals``, sorted; ``price``: what it costs to have an id on the stack."""
    spilled: list[int] = []
    in_saved: list[int] = []
    short: list[int] = []  # ends of those in trashed registers, with their ids
    long: list[int] = []  # likewise, preserved
    used = 0
    known = cache(price)
    for start, id_, end, crossing in intervals:
        if crossing == 2:
            spilled.append(id_)
            continue
        now, entry = start << _ID_BITS, end << _ID_BITS | id_
        if not crossing:
            if len(short) >= trashed:
                short = [each for each in short if each >= now]
            if len(short) < trashed:
                short.append(entry)
                continue
        if len(long) >= used:
            long = [each for each in long if each >= now]
        if len(long) < saved:
            long.append(entry)
            in_saved.append(id_)
            used = max(used, len(long))
            continue
        rivals = [*long, entry] if crossing else [*long, *short, entry]
        victim = min(rivals, key=lambda each: (known(each & _ID_MASK), each & _ID_MASK))
        spilled.append(victim & _ID_MASK)
        if victim in long:
            long[long.index(victim)] = entry
            in_saved.append(id_)
        elif victim in short:
            short[short.index(victim)] = entry
    return Allocation(spilled, in_saved, used)


def named(
    intervals: Sequence[tuple[int, int, int, int]],
    allocation: Allocation,
    file: RegisterFile,
    wishes: dict[int, str],
) -> dict[int, str]:
    """A register name for each interval not spilled; ``wishes``: names to prefer, where they are free."""
    gone, kept = set(allocation.spilled), set(allocation.saved)
    names: dict[int, str] = {}
    active: list[tuple[int, str]] = []
    for start, id_, end, _ in intervals:
        if id_ in gone:
            continue
        active = [each for each in active if each[0] >= start]
        taken = {name for _, name in active}
        pool = file.saved if id_ in kept else file.trashed
        free = [name for name in pool if name not in taken]
        # Parameters arrive together: none may take what another stays in.
        unwished = [name for name in free if name not in wishes.values()] if start == 0 else free
        names[id_] = wishes[id_] if wishes.get(id_) in free else (unwished or free)[0]
        active.append((end, names[id_]))
    return names
