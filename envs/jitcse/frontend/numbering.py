"""Value numbers: equal numbers, equal values, wherever both are computed on one path.

Dominator-based with pessimistic phis: a block starts with the numbers of its dominator's end, save for variables that
may have been assigned on the way. Memory is a variable per class of places that may overlap, as in RyuJIT's liberal
numbering: fields by their bytes, static fields by number, elements by type (an array has one element type). A call
renews them all.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.flow import Flow
from gymcc.envs.jitcse.frontend.folding import fold
from gymcc.envs.jitcse.frontend.memory import memory_classes, place_key
from gymcc.envs.jitcse.ir import COMMUTATIVE, LOADS, STORES, Method, Node, Op, Type

VOID = -1
NOTHING: frozenset[Hashable] = frozenset()
Exceptions = frozenset[Hashable]


@dataclass(slots=True)
class Numbers:
    """Value numbers of expressions over value numbers, and what is known of each."""

    known: dict[Hashable, int] = field(default_factory=dict)
    constants: dict[int, int | float] = field(default_factory=dict)  # int types as int, floating as float
    stores: dict[int, tuple[Hashable, Type, int]] = field(
        default_factory=dict
    )  # memory: place, type, value stored last
    fresh: int = 0

    def new(self) -> int:
        """A number like no other."""
        self.fresh += 1
        return self.fresh

    def of(self, key: Hashable) -> int:
        """The number of an expression, by its operation, type and the numbers of its arguments."""
        number = self.known.get(key)
        if number is None:
            number = self.known[key] = self.new()
        return number

    def constant(self, type_: Type, value: int | float) -> int:
        """The number of a constant; floats are told apart by their digits, so that -0.0 is not 0.0."""
        key = (Op.CONST, type_, repr(float(value)) if type_.floating else value)
        number = self.of(key)
        self.constants[number] = float(value) if type_.floating else int(value)
        return number


@dataclass(frozen=True, slots=True)
class Numbering:
    """Per node of the table its value number (-1 for void and dead code) and the exceptions its tree may throw."""

    values: list[int]
    exceptions: list[Exceptions]
    constants: dict[int, int | float]  # the numbers that are constants


def number_values(method: Method, flat: Flat, flow: Flow) -> Numbering:
    """Value numbers of all nodes."""
    return _Numberer(method, flat, flow).run()


class _Numberer:
    """The walk; ``state`` holds each variable's number at the point reached: locals, then memory classes."""

    def __init__(self, method: Method, flat: Flat, flow: Flow) -> None:
        self.flat, self.flow = flat, flow
        self.numbers = Numbers()
        self.locals = len(method.locals)
        self.memory, classes = memory_classes(flat, self.locals)
        self.variables = self.locals + classes
        self.values = [VOID] * len(flat.nodes)
        self.exceptions = [NOTHING] * len(flat.nodes)
        self.state: list[int] = []
        self.ends: dict[int, list[int]] = {}

    def run(self) -> Numbering:
        phis = self._phis()
        for block in self.flow.order:
            self._enter(block, phis.get(block, 0))
            for node in self.flat.spans[block]:
                self._visit(node)
            self.ends[block] = self.state
        return Numbering(self.values, self.exceptions, self.numbers.constants)

    def _enter(self, block: int, phis: int) -> None:
        """Set ``state`` to the block's start; a phi of equal numbers is that number."""
        if block == 0:
            self.state = [self.numbers.new() for _ in range(self.variables)]
            return
        self.state = list(self.ends[self.flow.dominator[block]])
        before = [self.ends.get(each) for each in self.flow.predecessors[block]]
        while phis:
            variable = (phis & -phis).bit_length() - 1
            phis &= phis - 1
            arriving = {VOID if end is None else end[variable] for end in before}
            self.state[variable] = arriving.pop() if len(arriving) == 1 else self.numbers.new()

    def _assigned(self, block: int) -> int:
        """The variables a block assigns, as a bit mask."""
        mask = 0
        for node in self.flat.spans[block]:
            tree = self.flat.nodes[node]
            if tree.op is Op.STORE_LOCAL:
                assert isinstance(tree.payload, int)
                mask |= 1 << tree.payload
            elif tree.op in STORES:
                mask |= 1 << self.memory[place_key(tree)]
            elif tree.op is Op.CALL:
                mask |= (1 << self.variables) - (1 << self.locals)
        return mask

    def _phis(self) -> dict[int, int]:
        """Per join the variables that may arrive with several values: the iterated dominance frontier of stores."""
        assigned = {block: self._assigned(block) for block in self.flow.order}
        joins = [block for block in self.flow.order if len(self.flow.predecessors[block]) > 1]
        phis = dict.fromkeys(joins, 0)
        changed = True
        while changed:
            changed = False
            for join in joins:
                mask = phis[join]
                for runner in self.flow.predecessors[join]:
                    while runner != self.flow.dominator[join]:
                        mask |= assigned[runner] | phis.get(runner, 0)
                        runner = self.flow.dominator[runner]
                if mask != phis[join]:
                    phis[join], changed = mask, True
        return phis

    def _visit(self, node: int) -> None:
        tree, args = self.flat.nodes[node], self.flat.args[node]
        if args:
            self._inherit_exceptions(node, args)
        values = tuple([self.values[arg] for arg in args])
        op = tree.op
        if op is Op.LOCAL:
            assert isinstance(tree.payload, int)
            self.values[node] = self.state[tree.payload]
        elif op is Op.CONST:
            assert isinstance(tree.payload, int | float)
            self.values[node] = self.numbers.constant(tree.type, tree.payload)
        elif op is Op.COMMA:
            self.values[node] = values[1]
        elif op in LOADS:
            self.values[node] = self._load(tree, values)
        elif tree.type is Type.VOID or op is Op.CALL:
            self._effect(node, tree, values)
        else:
            self.values[node] = self._pure(node, tree, values)

    def _inherit_exceptions(self, node: int, args: tuple[int, ...]) -> None:
        found = self.exceptions[args[0]]
        for arg in args[1:]:
            if self.exceptions[arg]:
                found = found | self.exceptions[arg]
        self.exceptions[node] = found

    def _pure(self, node: int, tree: Node, values: tuple[int, ...]) -> int:
        """Arithmetic, comparisons, casts, handles and pure helpers."""
        constants = self.numbers.constants
        if tree.op in (Op.DIV, Op.MOD) and not tree.type.floating and constants.get(values[1], 0) == 0:
            self.exceptions[node] |= {(Op.DIV, values[1])}
        folded = fold(tree, values, constants)
        if folded is not None:
            return folded.number if folded.number is not None else self.numbers.constant(tree.type, folded.value)
        if tree.op in COMMUTATIVE and values[0] > values[1]:
            values = (values[1], values[0])
        source = tree.args[0].type if tree.op is Op.CAST else None
        return self.numbers.of((tree.op, tree.type, source, tree.payload, values))

    def _load(self, tree: Node, values: tuple[int, ...]) -> int:
        """A load gives what the last store put there, if it is known to be to the same place."""
        if tree.op is Op.LENGTH:
            return self.numbers.of((Op.LENGTH, values))
        memory = self.state[self.memory[place_key(tree)]]
        place = (values, tree.payload)
        stored = self.numbers.stores.get(memory)
        if stored is not None and stored[0] == place and stored[1] is tree.type:
            return stored[2]
        return self.numbers.of((tree.op, tree.type, memory, place))

    def _effect(self, node: int, tree: Node, values: tuple[int, ...]) -> None:
        op = tree.op
        if op is Op.STORE_LOCAL:
            assert isinstance(tree.payload, int)
            self.state[tree.payload] = values[0]
        elif op in STORES:
            variable = self.memory[place_key(tree)]
            place, stored_type = (values[:-1], tree.payload), tree.args[-1].type
            memory = self.numbers.of((op, self.state[variable], place, stored_type, values[-1]))
            self.numbers.stores[memory] = (place, stored_type, values[-1])
            self.state[variable] = memory
        elif op is Op.CALL:
            for variable in range(self.locals, self.variables):
                self.state[variable] = self.numbers.new()
            if tree.type is not Type.VOID:
                self.values[node] = self.numbers.new()
        elif op is Op.BOUNDS:
            index, length = (self.numbers.constants.get(value) for value in values)
            if index is None or length is None or not 0 <= index < length:
                self.exceptions[node] |= {(Op.BOUNDS, values)}
