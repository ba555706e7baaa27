"""The price of one method's code, from scratch: the plain way that ``choices`` is a fast way of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gymcc.envs.jitcse.analysis import Score
from gymcc.envs.jitcse.backends.embedded.code.lowering import Lowering
from gymcc.envs.jitcse.backends.embedded.code.operands import FIRST_EXTRA
from gymcc.envs.jitcse.backends.embedded.code.statement import Code
from gymcc.envs.jitcse.backends.embedded.machine import RegisterFile
from gymcc.envs.jitcse.backends.embedded.pricing.jumps import jumps
from gymcc.envs.jitcse.backends.embedded.pricing.shape import Placement, Shape, add_up, groups_price, shape_of
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import Allocation, Interval, extra_id, linear_scan
from gymcc.envs.jitcse.backends.embedded.registers.liveness import intervals
from gymcc.envs.jitcse.ir import Method, Node


@dataclass(frozen=True, slots=True)
class Compiled:
    """A method's code with its values placed."""

    shape: Shape
    code: tuple[Code | None, ...]  # per position
    integers: list[Interval]  # the lifetimes of each class of registers, sorted
    floats: list[Interval]
    placement: Placement
    vectors: dict[int, list[int]]  # per id, what having it on the stack adds, packed, per group
    calls: bool
    throws: bool
    score: Score

    def vector(self, id_: int) -> list[int]:
        """What having a value on the stack adds, packed, per group."""
        return self.vectors.get(id_, [0] * len(self.shape.layout.weights))


def compile_method(lowering: Lowering, method: Method, recording: bool = False) -> Compiled:
    """Generate code for a checked method and price it; instructions are kept if ``recording``."""
    shape = shape_of(lowering.machine, lowering.moves, method)
    code = _generate(lowering, method, recording)
    vectors = spill_vectors(shape, code)

    def price(id_: int) -> float:
        return groups_price(shape.layout.weights, vectors[id_])

    integers, floats = lifetimes(shape, code)
    machine = shape.machine
    placement = Placement(
        allocate(machine.integer, integers, price),
        allocate(machine.floating, floats, price),
        [each.id for each in [*integers, *floats] if each.start == 0],
        shape.structs,
    )
    nothing = [0] * len(shape.layout.weights)
    calls = any(each is not None and each.calls for each in code)
    throws = any(each is not None and each.throws for each in code)
    totals = code_totals(shape, code)
    score = add_up(shape, totals, placement, lambda id_: vectors.get(id_, nothing), calls, throws)
    return Compiled(shape, tuple(code), integers, floats, placement, vectors, calls, throws, score)


def _generate(lowering: Lowering, method: Method, recording: bool) -> list[Code | None]:
    """The code of all statements, by position, without what is computed for locals that nobody reads."""
    trees: list[Node | None] = [None]
    for block in method.blocks:
        trees += [None, *block.statements, None]
    code = [None if tree is None else lowering.lower(tree, 0, recording) for tree in trees]
    dead = 0
    for _ in method.locals:  # a round rids at least one of them of its stores
        unread = _unread(code)
        if not unread:
            break
        dead |= unread
        for position, tree in enumerate(trees):
            each = code[position]
            if tree is not None and each is not None and each.writes & unread:
                code[position] = lowering.lower(tree, dead, recording)
    return code


def _unread(code: Sequence[Code | None]) -> int:
    """The locals that are assigned and not read, as a bit mask."""
    uses = writes = 0
    for each in code:
        if each is not None:
            uses |= each.uses
            writes |= each.writes
    return writes & ~uses


def allocate(file: RegisterFile, found: Sequence[Interval], price: Callable[[int], float]) -> Allocation:
    """Linear scan over one class of registers."""
    return linear_scan(found, len(file.trashed), len(file.saved), price)


def lifetimes(shape: Shape, code: Sequence[Code | None]) -> tuple[list[Interval], list[Interval]]:
    """Of integer and of floating-point values: locals and statements' extras, sorted."""
    found: tuple[list[Interval], list[Interval]] = ([], [])
    for each in intervals(shape.layout, code, shape.vectors):
        found[shape.floating >> each.id & 1].append(each)
    for position, each_code in enumerate(code):
        if each_code is not None:
            for floating, interval in extra_intervals(each_code, position):
                found[floating].append(interval)
    return sorted(found[False]), sorted(found[True])


def extra_intervals(code: Code, position: int) -> list[tuple[bool, Interval]]:
    """The lifetimes of a statement's extras, and whether they are floating."""
    return [
        (extra.floating, Interval(position, extra_id(position, number), position, extra.crossing))
        for number, extra in enumerate(code.extras)
    ]


def stable_id(id_: int, position: int) -> int:
    """The id by which allocation knows an operand: extras are told apart by their statement's position."""
    return id_ if id_ >= 0 else extra_id(position, FIRST_EXTRA - id_)


def spill_vectors(shape: Shape, code: Sequence[Code | None]) -> dict[int, list[int]]:
    """Per id what having its value on the stack adds, packed, per group."""
    layout = shape.layout
    vectors: dict[int, list[int]] = {}
    for position, each in enumerate(code):
        if each is None:
            continue
        group = layout.group[layout.block_of[position]]
        for id_, price in each.spills.items():
            vector = vectors.setdefault(stable_id(id_, position), [0] * len(layout.weights))
            vector[group] += price
    return vectors


def code_totals(shape: Shape, code: Sequence[Code | None]) -> list[int]:
    """The packed price of statements and jumps per group."""
    layout = shape.layout
    totals = [0] * len(layout.weights)
    for position, each in enumerate(code):
        if each is not None:
            totals[layout.group[layout.block_of[position]]] += each.price
    for block, group in enumerate(layout.group):
        for jump in jumps(shape.machine, layout, block):
            totals[group] += jump.price
    return totals
