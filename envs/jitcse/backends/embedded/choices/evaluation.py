"""The price of a choice for a prepared method: exactly what ``compile_method(perform(analysis, choice))`` finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gymcc.envs.jitcse.analysis import Choice, Score
from gymcc.envs.jitcse.backends.embedded.choices.prepared import Lifetime, Prepared
from gymcc.envs.jitcse.backends.embedded.choices.sites import DEAD, Form
from gymcc.envs.jitcse.backends.embedded.code.operands import FIRST_EXTRA
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import compile_method
from gymcc.envs.jitcse.backends.embedded.pricing.shape import Placement, add_up, groups_price
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import (
    FIRST_EXTRA_ID,
    Allocation,
    extra_parts,
    linear_scan,
)
from gymcc.envs.jitcse.backends.embedded.registers.liveness import bits
from gymcc.envs.jitcse.frontend import perform

_NOTHING = Allocation([], [], 0)


def evaluate(prepared: Prepared, choice: Choice) -> Score:
    """The score of a choice; candidates that are not viable or left without uses are ignored."""
    if prepared.irregular:
        return compile_method(prepared.lowering, perform(prepared.analysis, choice)).score
    kept = prepared.settling.settled(sum([1 << number for number in choice]))
    forms, dead = _forms(prepared, kept)
    fixed, machine = prepared.fixed, prepared.shape.machine
    totals, crossing, calls = fixed.totals.copy(), fixed.crossing, fixed.calls
    integers, floats = fixed.integers.copy(), fixed.floats.copy()
    for site, form in zip(prepared.sites, forms, strict=True):
        totals[site.group] += form.price
        crossing |= form.crossing
        calls |= form.call
        if form.integers:
            integers += form.integers
        if form.floats:
            floats += form.floats
    if crossing & fixed.tame:
        integers, floats = _interrupted(prepared, integers, crossing), _interrupted(prepared, floats, crossing)
    _add_varying(prepared, dead, forms, crossing, calls, integers, floats)
    structs = _add_temporaries(prepared, kept, dead, forms, crossing, calls, integers, floats)
    integers.sort()
    vector = _vectors(prepared, forms)

    def price(id_: int) -> float:
        return groups_price(prepared.shape.layout.weights, vector(id_))

    file = machine.integer
    integer = linear_scan(integers, len(file.trashed), len(file.saved), price)
    floating = _NOTHING
    if floats:
        floats.sort()
        file = machine.floating
        floating = linear_scan(floats, len(file.trashed), len(file.saved), price)
    placement = Placement(integer, floating, _entering(integers) + _entering(floats), structs)
    throws = fixed.throws or any(form.code.throws for form in forms)
    return add_up(prepared.shape, totals, placement, vector, calls != 0, throws)


def _forms(prepared: Prepared, kept: int) -> tuple[list[Form], int]:
    """The form of each site, and the locals and temporaries that nobody reads."""
    dead = 0
    mortal = prepared.mortal | (kept << len(prepared.analysis.method.locals) & prepared.mortal_temporaries)
    while True:
        forms, alive = [], 0
        for site in prepared.sites:
            key = kept & site.mask
            if dead:
                key |= (dead & site.stores) << DEAD
            form = site.forms.get(key)
            if form is None:
                form = site.make(key, prepared.rewriter, prepared.names, prepared.lowering)
            forms.append(form)
            alive |= form.uses
        unread = mortal & ~alive
        if unread == dead:
            return forms, dead
        dead = unread


def _interrupted(prepared: Prepared, lifetimes: list[Lifetime], crossing: int) -> list[Lifetime]:
    """Lifetimes that a call inside a site interrupts, though none between statements does."""
    odd, vectors = crossing & prepared.fixed.tame, prepared.shape.vectors
    return [
        (start, id_, end, 2 if vectors >> id_ & 1 else 1) if id_ < FIRST_EXTRA_ID and odd >> id_ & 1 else each
        for each in lifetimes
        for start, id_, end, _ in [each]
    ]


def _add_varying(
    prepared: Prepared,
    dead: int,
    forms: Sequence[Form],
    crossing: int,
    calls: int,
    integers: list[Lifetime],
    floats: list[Lifetime],
) -> None:
    """Add the lifetimes of the method's own locals that depend on the choice."""
    for id_, bit, floating, level, mortal, (start, end, across), pieces in prepared.varying:
        if mortal and dead & bit:
            continue
        for index, (start_here, end_here, across_here) in pieces:
            if forms[index].reads & bit:
                if start_here < start:
                    start = start_here
                if end_here > end:
                    end = end_here
                across |= across_here
        if end >= 0:
            lifetime = (start, id_, end, level if across & calls or crossing & bit else 0)
            (floats if floating else integers).append(lifetime)


def _add_temporaries(
    prepared: Prepared,
    kept: int,
    dead: int,
    forms: Sequence[Form],
    crossing: int,
    calls: int,
    integers: list[Lifetime],
    floats: list[Lifetime],
) -> Sequence[int]:
    """Add the lifetimes of the temporaries; all structs of the method, which have none."""
    structs = prepared.shape.structs
    for number in bits(kept):
        each = prepared.temporaries[number]
        if each.struct:
            structs = (*structs, each.id)
            continue
        if dead & each.bit:
            continue
        key = kept & each.relevant | dead << DEAD
        found = each.spans.get(key)
        if found is None:
            found = each.make(key, prepared.shape.layout, prepared.sites, forms)
        start, end, across = found
        lifetime = (start, each.id, end, each.level if across & calls or crossing & each.bit else 0)
        (floats if each.floating else integers).append(lifetime)
    return structs


def _entering(lifetimes: list[Lifetime]) -> list[int]:
    """The locals alive at the entry."""
    found = []
    for start, id_, _, _ in lifetimes:
        if start:
            break
        found.append(id_)
    return found


def _vectors(prepared: Prepared, forms: Sequence[Form]) -> Callable[[int], list[int]]:
    """What having an id's value on the stack adds, packed, per group; asked for few, so worked out when asked."""
    known: dict[int, list[int]] = {}
    fixed, sites = prepared.fixed, prepared.sites
    nothing = [0] * len(fixed.totals)

    def vector(id_: int) -> list[int]:
        found = known.get(id_)
        if found is None:
            found = known[id_] = fixed.vectors.get(id_, nothing).copy()
            if id_ < FIRST_EXTRA_ID:
                for index in prepared.touching.get(id_, ()):
                    found[sites[index].group] += forms[index].code.spills.get(id_, 0)
            else:
                position, number = extra_parts(id_)
                for index, site in enumerate(sites):
                    if site.position == position:
                        found[site.group] += forms[index].code.spills.get(FIRST_EXTRA - number, 0)
        return found

    return vector
