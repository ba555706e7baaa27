"""The table of value numbers: expressions over numbers, and what is known of them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from gymcc.envs.jitcse.frontend.folding import FLOATING, fold
from gymcc.envs.jitcse.ir import COMMUTATIVE, Node, Op, Type

Place = tuple[tuple[int, ...], int | float | str | None]  # numbers of object, array, index; payload
_CAST, _CONST = Op.CAST, Op.CONST  # members of an enumeration are slow to look up


@dataclass(slots=True)
class Numbers:
    """Equal expressions get equal numbers, from 1."""

    known: dict[Hashable, int] = field(default_factory=dict)
    constants: dict[int, int | float] = field(default_factory=dict)
    stores: dict[int, tuple[Place, Type, int]] = field(default_factory=dict)  # a memory's last: place, type, value
    last: int = 0

    def new(self) -> int:
        """A number like no other."""
        self.last += 1
        return self.last

    def of(self, key: Hashable) -> int:
        """The number of an expression, by its operation, type and the numbers of its arguments."""
        number = self.known.get(key)
        if number is None:
            self.last = number = self.known[key] = self.last + 1
        return number

    def constant(self, type_: Type, value: int | float) -> int:
        """The number of a constant; floats are told apart by their digits, so that -0.0 is not 0.0."""
        number = self.of((_CONST, type_, repr(value) if type_ in FLOATING else value))
        self.constants[number] = value
        return number

    def pure(self, tree: Node, values: tuple[int, ...]) -> int:
        """The number of arithmetic, a comparison, a cast, a handle or a pure helper of numbers ``values``."""
        op = tree.op
        folded = fold(tree, values, self.constants)
        if folded is not None:
            is_number, value = folded
            return value if is_number else self.constant(tree.type, value)
        if op in COMMUTATIVE and values[0] > values[1]:
            values = (values[1], values[0])
        return self.of((op, tree.type, tree.args[0].type if op is _CAST else tree.payload, values))

    def load(self, tree: Node, memory: int, place: Place) -> int:
        """The number of a load: what the last store to this memory put there, if it is known to be the same place."""
        stored = self.stores.get(memory)
        if stored is not None and stored[0] == place and stored[1] is tree.type:
            return stored[2]
        return self.of((tree.op, tree.type, memory, place))

    def store(self, tree: Node, memory: int, place: Place, value: int) -> int:
        """The number of a memory after a store."""
        type_ = tree.args[-1].type
        after = self.of((tree.op, type_, memory, place, value))
        self.stores[after] = (place, type_, value)
        return after
