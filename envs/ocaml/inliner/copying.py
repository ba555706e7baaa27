"""Copies code: substitutes, folds what is known, and puts bodies in place of the calls that are decided to be inlined.

One :class:`Copier` makes the residual code of one function as it is compiled, with what is copied into it. It goes
through the source once, in order of evaluation; what has then become useless is removed by :mod:`sweeping`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from gymcc.envs.ocaml.inliner.analysis import Source
from gymcc.envs.ocaml.inliner.calls import Calls
from gymcc.envs.ocaml.inliner.folding import fold
from gymcc.envs.ocaml.inliner.matches import Matches
from gymcc.envs.ocaml.inliner.opening import Decide, Opening
from gymcc.envs.ocaml.inliner.rules import Rules
from gymcc.envs.ocaml.inliner.states import State, States
from gymcc.envs.ocaml.inliner.values import (
    BlockValue,
    FunctionValue,
    Group,
    PartialValue,
    Value,
    Values,
    in_field,
    learn,
)
from gymcc.envs.ocaml.ir import (
    Atom,
    Binding,
    Block,
    Call,
    Field,
    For,
    Function,
    Let,
    LetFunctions,
    Make,
    Match,
    Prim,
    SetField,
    Variable,
    While,
)

Out: TypeAlias = list[Any]  # of bindings, and of groups in main


@dataclass(slots=True)
class Place:
    """Code being copied at ``state``: ``names`` says what its source variables are now.

    ``groups`` are the recursive groups that it belongs to or was inlined from, by id: not inlined again.
    ``defining`` are those whose definition stands around it here.
    """

    state: State
    names: dict[int, Atom]
    groups: frozenset[int]
    defining: frozenset[Group]
    function: int

    def atom(self, atom: Atom) -> Atom:
        """What an atom of the source is here."""
        return self.names.get(atom, atom) if isinstance(atom, int) else atom

    def atoms(self, atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        """What atoms of the source are here."""
        names = self.names
        return tuple([names.get(atom, atom) if isinstance(atom, int) else atom for atom in atoms])


@dataclass(slots=True)
class Shared:
    """What all copiers of a program have in common."""

    source: Source
    rules: Rules
    states: States
    values: Values


class Copier:
    """Makes the residual code of one function with all that is copied into it."""

    def __init__(self, shared: Shared, decide: Decide) -> None:
        self.shared = shared
        self.decide = decide
        self.known: dict[int, Value] = {}
        self.openings: list[Opening] = []
        self.inlined: list[State] = []  # copies that were made
        self.size = 0  # operations so far
        self.branches = 0
        self.loops = 0
        self.top: Out | None = None  # main's bindings: functions defined there are left to others
        self._handlers: dict[type, Callable[..., None]] = {
            Call: Calls(self).call,
            Match: Matches(self).match,
            Prim: self._prim,
            Make: self._make,
            Field: self._field,
            SetField: self._set_field,
            While: self._while,
            For: self._for,
        }

    # Functions

    def main(self, function: Function) -> tuple[Out, dict[int, Atom]]:
        """The residual code of the top level, and what its variables have become.

        The functions that it defines are left to copiers of their own.
        """
        place = Place(self.shared.states.main, {}, frozenset(), frozenset(), function.id)
        self.top = []
        self.bindings(function.body.bindings, place, self.top)
        return self.top, place.names

    def functions(self, group: Group, defining: frozenset[Group] = frozenset()) -> LetFunctions:
        """The residual code of functions defined together inside the definitions ``defining``."""
        self.known.update(group.known)
        around = defining | {group} if group.recursive else defining
        return LetFunctions(tuple(self._function(value, around) for value in group.functions), group.recursive)

    def _function(self, value: FunctionValue, defining: frozenset[Group]) -> Function:
        source, group = value.source, value.group
        place = Place(value.state, dict(group.names), self.shared.source.around[source.id], defining, source.id)
        around, self.branches, self.loops = (self.branches, self.loops), 0, 0
        params = tuple(self.bind(param, place) for param in source.params)
        body = self.block(source.body, place)
        self.branches, self.loops = around
        variable = source.variable._replace(id=value.variable)
        return Function(source.id, variable, params, body, (), source.group, source.result, source.at, group.state.path)

    # Blocks

    def block(self, block: Block, place: Place) -> Block:
        """A block as it is at ``place``."""
        out: Out = []
        self.bindings(block.bindings, place, out)
        return Block(block.id, tuple(out), place.atom(block.result), place.state.path)

    def bindings(self, bindings: tuple[Binding, ...], place: Place, out: Out) -> None:
        """Append bindings as they are at ``place``."""
        for binding in bindings:
            if isinstance(binding, LetFunctions):
                self._functions(binding, place, out)
            else:
                self._handlers[type(binding.operation)](binding.variable, binding.operation, place, out)

    def bind(self, variable: Variable, place: Place) -> Variable:
        """The variable that stands for one of the source."""
        if not place.state.copied:
            return variable
        fresh = self.shared.states.variable(place.state, variable.id)
        place.names[variable.id] = fresh
        return Variable(fresh, variable.kind, variable.name)

    def emit(self, variable: Variable, operation: object, place: Place, out: Out) -> int:
        """Append a binding of a source variable; the residual one."""
        self.size += 1
        bound = self.bind(variable, place)
        out.append(Let(bound, operation))  # type: ignore[arg-type]
        return bound.id

    def _functions(self, binding: LetFunctions, place: Place, out: Out) -> None:
        names = {v: place.names.get(v, v) for v in self.shared.source.outer[id(binding)]}
        group = self.shared.values.group(binding, place.state, names, self.known)
        for function in group.functions:
            place.names[function.source.variable.id] = function.variable
            self.known[function.variable] = function
        if out is self.top:
            out.append(group)
        else:
            self.size += 1
            out.append(self.functions(group, place.defining))

    # Operations

    def _prim(self, variable: Variable, operation: Prim, place: Place, out: Out) -> None:
        args = place.atoms(operation.args)
        constant = fold(operation.primitive, args)
        if constant is not None:
            place.names[variable.id] = constant
        else:
            self.emit(variable, Prim(operation.primitive, args, operation.element, operation.at), place, out)

    def _make(self, variable: Variable, operation: Make, place: Place, out: Out) -> None:
        args = place.atoms(operation.args)
        bound = self.emit(variable, Make(operation.shape, args), place, out)
        value = self.shared.values.block(operation.shape, args, self.known)
        if value.constant or self.sees(place):
            self.known[bound] = value

    def _field(self, variable: Variable, operation: Field, place: Place, out: Out) -> None:
        of = place.atom(operation.of)
        value = self.known.get(of) if isinstance(of, int) else None
        if not isinstance(value, BlockValue) or not (value.constant or self.sees(place)):
            self.emit(variable, Field(operation.shape, operation.index, of), place, out)
            return
        atom = in_field(value, operation.index, self.known)
        if atom is not None and self._replaces(atom, value):
            place.names[variable.id] = atom
        else:
            bound = self.emit(variable, Field(operation.shape, operation.index, of), place, out)
            learn(bound, value.values[operation.index], self.known)

    def _replaces(self, atom: Atom, block: BlockValue) -> bool:
        """Whether an atom takes the place of a load from a known block; from one of raw doubles it never does."""
        if block.shape.flat:
            return False
        if isinstance(atom, int) and isinstance(self.known.get(atom), FunctionValue | PartialValue):
            return True
        return self.shared.rules.blocks or block.constant

    def _set_field(self, variable: Variable, operation: SetField, place: Place, out: Out) -> None:
        of, value = place.atom(operation.of), place.atom(operation.value)
        self.emit(variable, SetField(operation.shape, operation.index, of, value), place, out)

    def _while(self, variable: Variable, operation: While, place: Place, out: Out) -> None:
        self.loops += 1
        condition, body = self.block(operation.condition, place), self.block(operation.body, place)
        self.loops -= 1
        self.emit(variable, While(condition, body), place, out)

    def _for(self, variable: Variable, operation: For, place: Place, out: Out) -> None:
        first, last = place.atom(operation.first), place.atom(operation.last)
        self.loops += 1
        counter = self.bind(operation.variable, place)
        body = self.block(operation.body, place)
        self.loops -= 1
        self.emit(variable, For(counter, first, last, operation.down, body), place, out)

    def sees(self, place: Place) -> bool:
        """Whether the middle end knows values at ``place`` beyond constants."""
        return self.shared.rules.arguments or not place.state.copied
