"""What is known of the value of a variable. Values are interned, so that equal means identical."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeAlias

from gymcc.envs.ocaml.inliner.states import State, States
from gymcc.envs.ocaml.ir import Atom, Constant, Function, LetFunctions, Shape

Names: TypeAlias = Mapping[int, Atom]  # what source variables have become


class Group:
    """Functions defined together at ``state``; ``names`` and ``known`` are of the variables that they use from outside.

    ``known`` goes by residual variables.
    """

    __slots__ = ("functions", "known", "names", "recursive", "source", "state")

    def __init__(
        self, source: LetFunctions, state: State, names: Names, known: Mapping[int, Value], ids: States
    ) -> None:
        self.source = source
        self.state = state
        self.recursive = source.recursive
        self.functions = tuple(FunctionValue(self, f, ids) for f in source.functions)
        own = {f.source.variable.id: f.variable for f in self.functions}
        self.names: Names = {**names, **own}
        self.known: Mapping[int, Value] = {**known, **{f.variable: f for f in self.functions}}


class FunctionValue:
    """A closure whose code is known: ``source``, declared at ``state``, in the residual ``variable``."""

    __slots__ = ("group", "source", "state", "variable")

    def __init__(self, group: Group, source: Function, ids: States) -> None:
        self.group = group
        self.source = source
        self.state = ids.declared(group.state, source.id)
        self.variable = ids.variable(group.state, source.variable.id)


class BlockValue:
    """A block that was allocated: the atoms in its fields (None: mutable) and what is known of them.

    ``constant``: it is in the program's data, with all that it leads to.
    """

    __slots__ = ("atoms", "constant", "shape", "values")

    def __init__(self, shape: Shape, atoms: tuple[Atom | None, ...], values: tuple[Value | None, ...]) -> None:
        self.shape = shape
        self.atoms = atoms
        self.values = values
        self.constant = not shape.mutable and all(map(_is_constant, atoms, values))


class PartialValue:
    """A function applied to fewer arguments than it has parameters."""

    __slots__ = ("args", "of", "values")

    def __init__(self, of: FunctionValue, args: tuple[Atom, ...], values: tuple[Value | None, ...]) -> None:
        self.of = of
        self.args = args
        self.values = values


Value: TypeAlias = FunctionValue | BlockValue | PartialValue


class Values:
    """Interned values; ``known`` maps residual variables to values."""

    def __init__(self, states: States) -> None:
        self.states = states
        self._found: dict[Hashable, Group | BlockValue | PartialValue] = {}

    def group(self, source: LetFunctions, state: State, names: Names, known: Mapping[int, Value]) -> Group:
        """The functions of a binding at ``state``; ``names`` of the outer variables that it uses."""
        outer = {atom: known[atom] for atom in names.values() if isinstance(atom, int) and atom in known}
        key = (id(source), state, tuple(names.items()), tuple(outer.items()))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = Group(source, state, names, outer, self.states)
        assert isinstance(found, Group)
        return found

    def block(self, shape: Shape, args: tuple[Atom, ...], known: Mapping[int, Value]) -> BlockValue:
        """A block that ``args`` were stored into."""
        fields = zip(args, shape.fields, strict=True)
        atoms = tuple(None if field.mutable else atom for atom, field in fields)
        values = lookup(atoms, known)
        key = (id(shape), atoms, values)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = BlockValue(shape, atoms, values)
        assert isinstance(found, BlockValue)
        return found

    def partial(self, of: FunctionValue, args: tuple[Atom, ...], known: Mapping[int, Value]) -> PartialValue:
        """``of`` applied to its first arguments."""
        values = lookup(args, known)
        key = (of, args, values)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = PartialValue(of, args, values)
        assert isinstance(found, PartialValue)
        return found


def _is_constant(atom: Atom | None, value: Value | None) -> bool:
    return isinstance(atom, Constant) or (isinstance(value, BlockValue) and value.constant)


def lookup(atoms: tuple[Atom | None, ...], known: Mapping[int, Value]) -> tuple[Value | None, ...]:
    """What is known of each atom."""
    return tuple(known.get(atom) if isinstance(atom, int) else None for atom in atoms)


def learn(atom: Atom | None, value: Value | None, known: dict[int, Value]) -> None:
    """Note what is known of an atom."""
    if value is not None and isinstance(atom, int):
        known[atom] = value


def in_field(block: BlockValue, index: int, known: dict[int, Value]) -> Atom | None:
    """The atom in a field, None if the field is mutable; what is known of it is noted."""
    learn(block.atoms[index], block.values[index], known)
    return block.atoms[index]


def constructor(atom: Atom, known: Mapping[int, Value]) -> BlockValue | Constant | None:
    """What a test can know of an atom."""
    if isinstance(atom, Constant):
        return atom
    value = known.get(atom)
    return value if isinstance(value, BlockValue) else None
