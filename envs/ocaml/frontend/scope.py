"""What names mean at a place in a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from gymcc.envs.ocaml.frontend.builtins import BUILTINS, CONSTRUCTORS, FIELDS, TYPES, Builtin
from gymcc.envs.ocaml.frontend.types import Constructor, Named, RecordField, Type

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A variable of the source; ``name`` has its module's path."""

    name: str
    type: Type


@dataclass(slots=True, eq=False)
class Scope:
    """Names, by kind of thing; those of modules have their path. ``parent``: the scope around this one."""

    parent: Scope | None = None
    module: str = ""  # "M." inside of module M
    values: dict[str, Value] = field(default_factory=dict)
    types: dict[str, Named] = field(default_factory=dict)
    constructors: dict[str, Constructor] = field(default_factory=dict)
    fields: dict[str, RecordField] = field(default_factory=dict)

    def inside(self, module: str = "") -> Scope:
        """A scope within this one."""
        return Scope(self, f"{self.module}{module}." if module else self.module)

    def outward(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def value(self, name: str) -> Value | Builtin | None:
        """The variable or library function of that name."""
        found = next((scope.values[name] for scope in self.outward() if name in scope.values), None)
        return found or BUILTINS.get(name)

    def type(self, name: str) -> Named | None:
        """The type of that name."""
        return next((scope.types[name] for scope in self.outward() if name in scope.types), TYPES.get(name))

    def constructor(self, name: str) -> Constructor | None:
        """The constructor of that name which was declared last."""
        found = next((scope.constructors[name] for scope in self.outward() if name in scope.constructors), None)
        return found or CONSTRUCTORS.get(name)

    def record_field(self, name: str) -> RecordField | None:
        """The field of that name which was declared last."""
        return next((scope.fields[name] for scope in self.outward() if name in scope.fields), FIELDS.get(name))

    def export(self, module: str, inner: Scope) -> None:
        """Make the names of a module's scope known here under its path."""
        _export(module, self.values, inner.values)
        _export(module, self.types, inner.types)
        _export(module, self.constructors, inner.constructors)
        _export(module, self.fields, inner.fields)


def _export(module: str, mine: dict[str, T], theirs: dict[str, T]) -> None:
    for name in [name for name in mine if name.startswith(f"{module}.")]:  # of an earlier module of that name
        del mine[name]
    mine |= {f"{module}.{name}": thing for name, thing in theirs.items()}
