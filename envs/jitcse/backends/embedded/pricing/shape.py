"""What pricing needs of a method besides its code, and the last step of pricing: homes, frame, sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Score
from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.code.packing import cycles_of, pack, unpack
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.pricing.entry import Arrival, arrivals
from gymcc.envs.jitcse.backends.embedded.pricing.frame import Frame, frame_prices, slots_start
from gymcc.envs.jitcse.backends.embedded.pricing.jumps import throw_price
from gymcc.envs.jitcse.backends.embedded.pricing.layout import Layout, layout_of
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import Allocation
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
        slots = _put_on_stack(shape, totals, homes_of(placement), vector, Frame(integer.used, floating.used, 0, calls))
    setup, teardown = shape.frame_prices(Frame(integer.used, floating.used, slots, calls))
    totals[layout.prolog] += setup
    for group in layout.returns:
        totals[group] += teardown
    cycles = 0.0
    for weight, total in zip(layout.weights, totals, strict=True):
        cycles += weight * cycles_of(total)
    everything = unpack(sum(totals) + (throw_price(shape.machine) if throws else 0))
    return Score(cycles / 100, everything.size, everything.instructions, len(spilled))


def homes_of(placement: Placement) -> list[int]:
    """The values on the stack, in the order of their slots."""
    return sorted([*placement.integer.spilled, *placement.floating.spilled, *placement.structs])


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


def slots_of(
    shape: Shape, homes: Iterable[int], vector: Callable[[int], Vector], frame: Frame
) -> dict[int, tuple[int, bool]]:
    """For each value on the stack its slot's end in bytes and whether that is too far for short displacements.

    Values never touched have none, and the caller's frame holds the slots of parameters passed on the stack.
    """
    end = slots_start(shape.machine, frame)
    slots = {}
    for id_ in homes:
        owns_slot = id_ >= len(shape.arrivals) or shape.arrivals[id_].owns_slot
        if owns_slot and any(unpack(each).accesses for each in vector(id_)):
            end += shape.slot_bytes(id_)
            slots[id_] = end, end > shape.moves.near
    return slots


def _put_on_stack(
    shape: Shape, totals: list[int], homes: Sequence[int], vector: Callable[[int], Vector], frame: Frame
) -> int:
    """Add what values on the stack cost more; the bytes of their slots."""
    for id_ in homes:
        for group, each in enumerate(vector(id_)):
            totals[group] += each
    slots = slots_of(shape, homes, vector, frame)
    for id_, (_, far) in slots.items():
        if far:
            accesses = sum([unpack(each).accesses for each in vector(id_)])
            totals[0] += pack(0, shape.moves.far * accesses, 0)
    return max(slots.values())[0] - slots_start(shape.machine, frame) if slots else 0


def groups_price(weights: Sequence[float], found: Vector) -> float:
    """Hundredths of weighted cycles of a vector: what the allocator compares."""
    price = 0.0
    for weight, each in zip(weights, found, strict=True):
        price += weight * cycles_of(each)
    return price
