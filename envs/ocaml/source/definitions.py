"""The functions that a program defines by ``let``, found by the variables that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.syntax import (
    Expression,
    Fun,
    Item,
    LetBinding,
    LetIn,
    LetItem,
    ModuleItem,
    Pattern,
    TypedPattern,
    VariablePattern,
)
from gymcc.envs.ocaml.frontend.typed import Typing
from gymcc.envs.ocaml.source.counts import counts_of
from gymcc.envs.ocaml.source.expressions import Lambda, function_of, parts
from gymcc.envs.ocaml.source.records import Counts, Definition


@dataclass(slots=True, eq=False)
class Found:
    """A definition while its uses are being gathered."""

    id: int
    name: str
    pattern: Pattern
    top: bool
    group: int
    function: Lambda
    counts: Counts
    inside: tuple[int, ...] = ()
    uses: int = 0
    escapes: bool = False
    recursive: bool = False

    def finished(self) -> Definition:
        """The definition, with all its uses."""
        counts = self.counts
        return Definition(
            self.id,
            self.name,
            self.pattern.at.line,
            self.pattern.at.column,
            self.group,
            self.inside,
            self.top,
            self.function.arity,
            self.uses,
            self.escapes,
            self.recursive,
            counts.size,
            counts.calls,
            counts.primitives,
            counts.loops,
            counts.closures,
            counts.allocations,
            counts.branches,
            counts.tries,
        )


@dataclass(slots=True, eq=False)
class Definitions:
    """All of a program, in the order in which the compiler's tool meets them."""

    typing: Typing
    by_value: dict[Value, Found] = field(default_factory=dict)
    by_function: dict[Fun, Found] = field(default_factory=dict)
    _groups: int = 0

    def collect(self, items: tuple[Item, ...]) -> None:
        """Find the functions of a file or module."""
        for item in items:
            if isinstance(item, ModuleItem):
                self.collect(item.items)
            elif isinstance(item, LetItem):
                self._bindings(item.bindings, True)

    def _bindings(self, bindings: tuple[LetBinding, ...], top: bool) -> None:
        self._groups += 1
        for binding in bindings:
            self._add(binding, top)
        for binding in bindings:
            self._inside(binding.value)

    def _inside(self, node: Expression) -> None:
        if isinstance(node, LetIn):
            self._bindings(node.bindings, False)
            self._inside(node.body)
            return
        for part in parts(node, self.typing):
            self._inside(part)

    def _add(self, binding: LetBinding, top: bool) -> None:
        name, function = bare(binding.pattern), uncurried(binding.value)
        if not isinstance(name, VariablePattern) or not isinstance(function, Fun):
            return
        taken = function_of(function)
        value = self.typing.binders[name]
        counts = counts_of(taken.bodies, self.typing)
        found = Found(len(self.by_value), name.name, name, top, self._groups, taken, counts)
        self.by_value[value] = self.by_function[function] = found

    def __iter__(self) -> Iterator[Found]:
        return iter(self.by_value.values())


def bare(pattern: Pattern) -> Pattern:
    """The pattern behind type annotations."""
    while isinstance(pattern, TypedPattern):
        pattern = pattern.pattern
    return pattern
