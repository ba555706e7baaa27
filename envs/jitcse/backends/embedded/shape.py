"""What pricing needs of a method besides its code, and the last step of pricing: homes, frame, sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Score
from gymcc.envs.jitcse.backends.embedded.allocation import Allocation
from gymcc.envs.jitcse.backends.embedded.entry import Arrival, arrivals
from gymcc.envs.jitcse.backends.embedded.frame import Frame, frame_prices, slots_start
from gymcc.envs.jitcse.backends.embedded.jumps import throw_price
from gymcc.envs.jitcse.backends.embedded.layout import Layout, layout_of
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.packing import cycles_of, pack, unpack
from gymcc.envs.jitcse.ir import Method, Type

Vector = Sequence[int]  # a packed price per group of blocks of equal weight


@dataclass(frozen=True, slots=True)
class Shape:
    """A method as its code's price sees it; locals beyond the method's own are temporaries."""

    machine: Machine
    moves: MoveCosts
    layout: Layout
    types: tuple[Type, ...]
    arrivals: tuple[Arrival, ...]
    floating: int  # the locals that live in floating-point registers, a bit mask
    vectors: int  # those of them of which no register preserves all
    structs: tuple[int, ...]  # the method's own
    struct_parameters: int  # packed price of copying them to the frame
    frame_prices: Callable[[Frame], tuple[int, int]]  # packed, of prolog and epilog

    def slot_bytes(self, id_: int) -> int:
        """Size of a value's slot; of an extra's, which may be a vector, too."""
        wide = id_ >= len(self.types) or self.types[id_] in (Type.STRUCT, Type.SIMD)
        return 16 if wide else 8


def shape_of(machine: Machine, moves: MoveCosts, method: Method, temporaries: tuple[Type, ...] = ()) -> Shape:
    """The shape of a checked method that may be given temporaries of those types."""
    types = method.locals + temporaries
    arriving = arrivals(machine, moves, types, method.parameters)
    structs = tuple([number for number, kind in enumerate(method.locals) if kind is Type.STRUCT])
    floating = sum([1 << number for number, kind in enumerate(types) if kind.floating])
    vectors = sum([1 << number for number, kind in enumerate(types) if kind is Type.SIMD])
    return Shape(
        machine,
        moves,
        layout_of(method),
        types,
        arriving,
        floating,
        0 if machine.preserves_vectors else vectors,
        structs,
        sum([arriving[number].stack for number in structs if number < method.parameters]),
        frame_prices(machine),
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the values of a method live."""

    integer: Allocation
    floating: Allocation
    entering: list[int]  # the locals, structs aside, whose value at the entry matters
    structs: Sequence[int]


def add_up(
    shape: Shape,
    totals: list[int],
    placement: Placement,
    vector: Callable[[int], Vector],
    calls: bool,
    throws: bool,
) -> Score:
    """The score of a method.

    ``totals``: the packed price of all statements and jumps per group, all values in registers; consumed.
    ``vector``: what having a value on the stack adds.
    """
    integer, floating = placement.integer, placement.floating
    layout = shape.layout
    spilled = integer.spilled + floating.spilled
    totals[layout.prolog] += _arriving(shape, placement, spilled) + shape.struct_parameters
    slots = 0
    if spilled or placement.structs:
        frame = Frame(integer.used, floating.used, 0, calls)
        slots = _put_on_stack(shape, totals, sorted([*spilled, *placement.structs]), vector, frame)
    setup, teardown = shape.frame_prices(Frame(integer.used, floating.used, slots, calls))
    totals[layout.prolog] += setup
    for group in layout.returns:
        totals[group] += teardown
    cycles = 0.0
    for weight, total in zip(layout.weights, totals, strict=True):
        cycles += weight * cycles_of(total)
    everything = unpack(sum(totals) + (throw_price(shape.machine) if throws else 0))
    return Score(cycles / 100, everything.size, everything.instructions, len(spilled))


def _arriving(shape: Shape, placement: Placement, spilled: list[int]) -> int:
    price = 0
    for number in placement.entering:
        arrival = shape.arrivals[number]
        if number in spilled:
            price += arrival.stack
        elif number in placement.integer.saved or number in placement.floating.saved:
            price += arrival.saved
        else:
            price += arrival.trashed
    return price


def _put_on_stack(
    shape: Shape, totals: list[int], homes: Iterable[int], vector: Callable[[int], Vector], frame: Frame
) -> int:
    """Add what values on the stack cost more; the bytes of their slots."""
    end = start = slots_start(shape.machine, frame)
    for id_ in homes:
        found = vector(id_)
        accesses = sum([unpack(each).accesses for each in found])
        for group, each in enumerate(found):
            totals[group] += each
        if id_ < len(shape.arrivals) and not shape.arrivals[id_].owns_slot:
            continue
        if accesses:
            end += shape.slot_bytes(id_)
            if end > shape.moves.near:
                totals[0] += pack(0, shape.moves.far * accesses, 0)
    return end - start


def groups_price(weights: Sequence[float], found: Vector) -> float:
    """Hundredths of weighted cycles of a vector: what the allocator compares."""
    price = 0.0
    for weight, each in zip(weights, found, strict=True):
        price += weight * cycles_of(each)
    return price
