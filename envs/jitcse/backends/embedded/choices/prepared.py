"""A method ready for pricing many choices: what no choice changes is done once.

The price of a choice is that of the statements no choice changes, plus for each other statement (a :class:`Site`) that
of the form the choice gives it, plus what register allocation and the frame add. A local's lifetime is a union over
its reads, each known beforehand, so that only reads which forms have or have not are looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gymcc.envs.jitcse.analysis import Analysis
from gymcc.envs.jitcse.backends.embedded.choices.mortality import mortal_locals
from gymcc.envs.jitcse.backends.embedded.choices.settling import Settling
from gymcc.envs.jitcse.backends.embedded.choices.sites import (
    Site,
    exposed,
    may_stop_calling,
    mentioned,
    must_call,
    stored,
)
from gymcc.envs.jitcse.backends.embedded.choices.temporaries import Temporary
from gymcc.envs.jitcse.backends.embedded.code.lowering import Lowering
from gymcc.envs.jitcse.backends.embedded.code.statement import Code
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import code_totals, extra_intervals, spill_vectors
from gymcc.envs.jitcse.backends.embedded.pricing.shape import Shape, shape_of
from gymcc.envs.jitcse.backends.embedded.registers.liveness import bits
from gymcc.envs.jitcse.backends.embedded.registers.spans import Span, assigned, span
from gymcc.envs.jitcse.frontend.perform import Rewriter
from gymcc.envs.jitcse.frontend.roles import Role, roles
from gymcc.envs.jitcse.ir import Node, Type

Lifetime = tuple[int, int, int, int]  # an Interval, as a plain tuple for speed


class Piece(NamedTuple):
    """What the read of one site adds to a local's lifetime, if the site's form has it."""

    site: int
    span: Span


class Varying(NamedTuple):
    """A local whose lifetime depends on the choice."""

    id: int
    bit: int
    floating: bool
    level: int  # of crossing, if it is alive across a call
    mortal: bool  # all its stores may be dropped
    base: Span  # for the reads and assignments that are always there
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Touches:
    """Where one of the method's locals is read and written."""

    reads: list[int] = field(default_factory=list)  # positions of statements that no choice changes
    read_sites: list[int] = field(default_factory=list)  # which may, depending on the choice
    writes: int = 0  # positions, as bits
    late: int = 0  # those of them after the statement's last call


@dataclass(frozen=True, slots=True)
class Fixed:
    """What no choice changes."""

    totals: list[int]  # packed price per group: statements and jumps
    vectors: Mapping[int, list[int]]  # per id, what having it on the stack adds, packed, per group
    integers: list[Lifetime]
    floats: list[Lifetime]
    crossing: int  # locals alive across a call inside a statement
    tame: int  # locals of ``integers`` and ``floats`` that no call interrupts, unless one inside a site does
    calls: int  # positions that call under every choice
    throws: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A method ready for :func:`gymcc.envs.jitcse.backends.embedded.choices.evaluation.evaluate`."""

    analysis: Analysis
    lowering: Lowering
    shape: Shape
    rewriter: Rewriter
    settling: Settling
    fixed: Fixed
    sites: tuple[Site, ...]
    touching: Mapping[int, tuple[int, ...]]  # per local, the sites that may read or write it
    varying: tuple[Varying, ...]
    temporaries: Mapping[int, Temporary]  # per viable candidate
    names: Mapping[int, int]  # per viable candidate, the id of its temporary
    mortal: int  # the method's locals that may go unread, as bits
    mortal_temporaries: int  # all but structs, as bits
    irregular: bool  # whether some local is alive across a call may hang on calls that come and go inside a statement


def prepare(lowering: Lowering, analysis: Analysis) -> Prepared:
    """Do once what all choices share."""
    return _Preparation(lowering, analysis).run()


class _Preparation:
    def __init__(self, lowering: Lowering, analysis: Analysis) -> None:
        self.lowering, self.analysis = lowering, analysis
        self.method = analysis.method
        kinds = tuple([candidate.type for candidate in analysis.candidates])
        self.shape = shape_of(lowering.machine, lowering.moves, self.method, kinds)
        self.layout = self.shape.layout
        self.rewriter = Rewriter(analysis)
        self.table = roles(analysis)
        first = len(self.method.locals)
        self.names = {role.candidate: first + role.candidate for role in self.table}
        self.mortal = sum(1 << id_ for id_ in mortal_locals(analysis, self.rewriter))
        self.first_temporary = first
        self.code: list[Code | None] = [None] * len(self.layout.block_of)
        self.sites: list[Site] = []
        self.sure_calls = self.possible_calls = 0
        self.early: dict[int, int] = {}  # by position, the locals assigned before a call that a choice may do without

    def run(self) -> Prepared:
        for index, block in enumerate(self.method.blocks):
            for number in range(len(block.statements)):
                self._statement(index, number)
        touching = self._touching()
        integers, floats, varying = self._lifetimes()
        irregular = any(self._outlives(each) for each in varying)
        return Prepared(
            self.analysis,
            self.lowering,
            self.shape,
            self.rewriter,
            Settling(self.table),
            self._fixed(integers, floats),
            tuple(self.sites),
            touching,
            tuple(varying),
            self._temporaries(),
            self.names,
            self.mortal,
            sum(1 << id_ for id_ in self.names.values() if self.shape.types[id_] is not Type.STRUCT),
            irregular,
        )

    def _fixed(self, integers: list[Lifetime], floats: list[Lifetime]) -> Fixed:
        crossing = 0
        for each in self.code:
            if each is not None and each.calls:
                crossing |= each.crossing
        return Fixed(
            code_totals(self.shape, self.code),
            spill_vectors(self.shape, self.code),
            sorted(integers),
            sorted(floats),
            crossing,
            sum(1 << id_ for _, id_, _, level in [*integers, *floats] if not level and id_ < len(self.shape.types)),
            self.sure_calls,
            any(each is not None and each.throws for each in self.code),
        )

    def _statement(self, block: int, number: int) -> None:
        """Generate the code of a statement, or make it a site."""
        position = self.layout.first[block] + 1 + number
        tree = self.method.blocks[block].statements[number]
        mask = sum(1 << each for each in self.rewriter.candidates(block, number))
        if not mask and self.rewriter.statement(block, number, {}) is None:
            return  # planted by hoisting, for no viable candidate
        stores = sum(1 << id_ for id_ in stored(tree)) & self.mortal
        if not mask and not stores:
            code = self.code[position] = self.lowering.lower(tree)
            calls = sure = code.calls
        else:
            site = Site(block, number, position, self.layout.group[block], mask, stores | mask << self.first_temporary)
            self.sites.append(site)
            form = site.make(0, self.rewriter, self.names, self.lowering)
            sure, unsure = must_call(tree), may_stop_calling(tree)
            calls = sure or unsure
            if unsure:
                self.early[position] = form.writes & ~form.code.late
        self.sure_calls |= sure << position
        self.possible_calls |= calls << position

    def _touching(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {}
        for index, site in enumerate(self.sites):
            for id_ in [*mentioned(self._tree(site)), *[self.names[number] for number in bits(site.mask)]]:
                found.setdefault(id_, []).append(index)
        return {id_: tuple(indices) for id_, indices in found.items()}

    # Lifetimes of the method's own locals

    def _lifetimes(self) -> tuple[list[Lifetime], list[Lifetime], list[Varying]]:
        """Integer and floating-point ones that no choice changes, and the others."""
        found: tuple[list[Lifetime], list[Lifetime]] = ([], [])
        for position, each in enumerate(self.code):
            for floating, interval in extra_intervals(each, position) if each is not None else ():
                start, id_, end, level = interval
                found[floating].append((start, id_, end, level))
        varying = []
        for id_, touches in self._touches().items():
            base = self._span(touches, touches.reads)
            positions = [(index, self.sites[index].position) for index in touches.read_sites]
            pieces = [Piece(index, self._span(touches, [position])) for index, position in positions]
            pieces = [piece for piece in pieces if not base.covers(piece.span)]
            if not pieces and base.end < 0:
                continue  # never touched
            floating = bool(self.shape.floating >> id_ & 1)
            level = 2 if self.shape.vectors >> id_ & 1 else 1
            mortal = bool(self.mortal >> id_ & 1)
            if mortal or pieces or base.across & ~self.sure_calls:
                varying.append(Varying(id_, 1 << id_, floating, level, mortal, base, tuple(pieces)))
            else:
                found[floating].append((base.start, id_, base.end, level if self._crosses(id_, base) else 0))
        return found[False], found[True], varying

    def _touches(self) -> dict[int, Touches]:
        found = {id_: Touches() for id_, kind in enumerate(self.method.locals) if kind is not Type.STRUCT}
        for position, code in enumerate(self.code):
            if code is not None:
                _note_writes(found, code, position)
                for id_ in bits(code.reads):
                    found[id_].reads.append(position)
        for index, site in enumerate(self.sites):
            _note_writes(found, site.forms[0].code, site.position)
            for id_ in exposed(self._tree(site)) & found.keys():
                found[id_].read_sites.append(index)
        return found

    def _outlives(self, local: Varying) -> bool:
        """Whether the local is alive behind a statement that assigns it before a call that may be gone."""
        spans = [local.base, *[piece.span for piece in local.pieces]]
        return any(
            early >> local.id & 1 and each.across >> position & 1
            for position, early in self.early.items()
            for each in spans
        )

    def _tree(self, site: Site) -> Node:
        return self.method.blocks[site.block].statements[site.number]

    def _span(self, touches: Touches, reads: Sequence[int]) -> Span:
        """A lifetime; what is assigned after a statement's last call is not alive across it."""
        found = assigned(span(self.layout, touches.writes, reads), touches.writes)
        return found._replace(across=found.across & self.possible_calls & ~touches.late)

    def _crosses(self, id_: int, base: Span) -> bool:
        inside = any(each is not None and each.calls and each.crossing >> id_ & 1 for each in self.code)
        return bool(base.across) or inside

    # Temporaries

    def _temporaries(self) -> dict[int, Temporary]:
        relevant = dict.fromkeys(self.names, 0)
        for role in self.table:
            relevant[role.candidate] |= self._around(role)
        indices: dict[int, list[int]] = {}
        for index, site in enumerate(self.sites):
            for number in bits(site.mask):
                indices.setdefault(number, []).append(index)
                if site.position in self.early:  # which of its calls a store precedes depends on the choice
                    relevant[number] |= site.mask
        return {
            number: Temporary(
                id_,
                self.shape.types[id_],
                2 if self.shape.types[id_] is Type.SIMD and self.shape.vectors else 1,
                relevant[number],
                tuple(indices[number]),
            )
            for number, id_ in self.names.items()
        }

    def _around(self, role: Role) -> int:
        mask = 0
        for parent in role.parents:
            mask |= 1 << self.table[parent].candidate
        return mask


def _note_writes(found: Mapping[int, Touches], code: Code, position: int) -> None:
    for id_ in bits(code.writes):
        found[id_].writes |= 1 << position
        found[id_].late |= (code.late >> id_ & 1) << position
