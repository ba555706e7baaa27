"""Value numbers: trees of equal numbers have equal values wherever both are computed on one path.

Dominator-based with pessimistic phis: a block starts with the numbers of its dominator's end, save for variables that
may have been assigned on the way. Memory is a variable per class of places, as in RyuJIT's liberal numbering: a store
renews its class, a call all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from gymcc.envs.jitcse.frontend.flat import Flat
from gymcc.envs.jitcse.frontend.flow import Flow
from gymcc.envs.jitcse.frontend.folding import FLOATING
from gymcc.envs.jitcse.frontend.memory import memory_classes
from gymcc.envs.jitcse.frontend.numbers import Numbers
from gymcc.envs.jitcse.frontend.phis import place_phis
from gymcc.envs.jitcse.ir import STORES, Method, Node, Op, Type

VOID = -1  # no value
Exceptions = frozenset[Hashable]
_NOTHING: Exceptions = frozenset()
_VOID_TYPE, _LENGTH = Type.VOID, Op.LENGTH  # members of an enumeration are slow to look up
_CALL, _STORE_LOCAL = Op.CALL, Op.STORE_LOCAL


@dataclass(frozen=True, slots=True)
class Numbering:
    """Per node of the table its value number and what its tree may throw."""

    values: list[int]
    exceptions: list[Exceptions]
    constants: dict[int, int | float]  # the numbers that are constants


def number_values(method: Method, flat: Flat, flow: Flow) -> Numbering:
    """Value numbers of all nodes; :data:`VOID` for void ones and dead code."""
    return _Numberer(method, flat, flow).run()


class _Numberer:
    """The walk; ``state`` holds each variable's number at the point reached: locals, then memory classes."""

    def __init__(self, method: Method, flat: Flat, flow: Flow) -> None:
        self.flat, self.flow = flat, flow
        self.numbers = Numbers()
        self.locals = len(method.locals)
        self.memory = {node: self.locals + number for node, number in memory_classes(flat).items()}
        self.variables = max(self.memory.values(), default=self.locals - 1) + 1
        self.values = [VOID] * len(flat.nodes)
        self.exceptions = [_NOTHING] * len(flat.nodes)
        self.state: list[int] = []
        self.ends: dict[int, list[int]] = {}

    def run(self) -> Numbering:
        phis = place_phis(self.flow, {block: self._assigned(block) for block in self.flow.order})
        nodes, args, values, exceptions = self.flat.nodes, self.flat.args, self.values, self.exceptions
        for block in self.flow.order:
            self._enter(block, phis.get(block, 0))
            for node in self.flat.spans[block]:
                tree, numbers = nodes[node], []
                for arg in args[node]:
                    numbers.append(values[arg])
                    if exceptions[arg]:
                        exceptions[node] |= exceptions[arg]
                values[node] = _VISIT[tree.op](self, node, tree, tuple(numbers))
            self.ends[block] = self.state
        return Numbering(values, exceptions, self.numbers.constants)

    def _assigned(self, block: int) -> int:
        """The variables a block assigns, as a bit mask."""
        mask = 0
        for node in self.flat.spans[block]:
            op = self.flat.nodes[node].op
            if op is _STORE_LOCAL:
                mask |= 1 << _local_of(self.flat.nodes[node])
            elif op in STORES:
                mask |= 1 << self.memory[node]
            elif op is _CALL:
                mask |= (1 << self.variables) - (1 << self.locals)
        return mask

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

    # What the kinds of nodes do; each returns the node's number.

    def local(self, _: int, tree: Node, __: tuple[int, ...]) -> int:
        return self.state[_local_of(tree)]

    def constant(self, _: int, tree: Node, __: tuple[int, ...]) -> int:
        assert isinstance(tree.payload, int | float)
        return self.numbers.constant(tree.type, tree.payload)

    def pure(self, _: int, tree: Node, values: tuple[int, ...]) -> int:
        return self.numbers.pure(tree, values) if tree.type is not _VOID_TYPE else VOID

    def division(self, node: int, tree: Node, values: tuple[int, ...]) -> int:
        if self.numbers.constants.get(values[1], 0) == 0 and tree.type not in FLOATING:
            self.exceptions[node] |= {(Op.DIV, values[1])}
        return self.numbers.pure(tree, values)

    def bounds(self, node: int, _: Node, values: tuple[int, ...]) -> int:
        index, length = (self.numbers.constants.get(value) for value in values)
        if index is None or length is None or not 0 <= index < length:
            self.exceptions[node] |= {(Op.BOUNDS, values)}
        return VOID

    def comma(self, _: int, __: Node, values: tuple[int, ...]) -> int:
        return values[1]

    def length(self, _: int, __: Node, values: tuple[int, ...]) -> int:
        return self.numbers.of((_LENGTH, values))

    def load(self, node: int, tree: Node, values: tuple[int, ...]) -> int:
        return self.numbers.load(tree, self.state[self.memory[node]], (values, tree.payload))

    def store(self, node: int, tree: Node, values: tuple[int, ...]) -> int:
        variable, place = self.memory[node], (values[:-1], tree.payload)
        self.state[variable] = self.numbers.store(tree, self.state[variable], place, values[-1])
        return VOID

    def store_local(self, _: int, tree: Node, values: tuple[int, ...]) -> int:
        self.state[_local_of(tree)] = values[0]
        return VOID

    def call(self, _: int, tree: Node, __: tuple[int, ...]) -> int:
        for variable in range(self.locals, self.variables):
            self.state[variable] = self.numbers.new()
        return self.numbers.new() if tree.type is not _VOID_TYPE else VOID

    def nothing(self, _: int, __: Node, ___: tuple[int, ...]) -> int:
        return VOID


def _local_of(tree: Node) -> int:
    assert isinstance(tree.payload, int)
    return tree.payload


_VISIT: dict[Op, Callable[[_Numberer, int, Node, tuple[int, ...]], int]] = {
    **dict.fromkeys(Op, _Numberer.pure),
    Op.LOCAL: _Numberer.local,
    Op.CONST: _Numberer.constant,
    Op.DIV: _Numberer.division,
    Op.MOD: _Numberer.division,
    Op.BOUNDS: _Numberer.bounds,
    Op.COMMA: _Numberer.comma,
    Op.LENGTH: _Numberer.length,
    **dict.fromkeys((Op.FIELD, Op.STATIC, Op.ELEM), _Numberer.load),
    **dict.fromkeys(STORES, _Numberer.store),
    Op.STORE_LOCAL: _Numberer.store_local,
    Op.CALL: _Numberer.call,
    Op.BRANCH: _Numberer.nothing,
    Op.RETURN: _Numberer.nothing,
}
