"""The calls of a program and the functions it defines, as the tool has found them in the typed syntax trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

Path: TypeAlias = tuple[int, ...]  # sites, outermost first: the call at the last in the body copied at the others


class Kind(StrEnum):
    """What the source says of a call; the first that fits."""

    EXTERNAL = "external"  # a function of another library
    UNKNOWN = "unknown"  # the function is a value: parameter, field, result of a call, alias
    PARTIAL = "partial"  # fewer arguments than parameters
    SELF = "self"  # of a recursive group, from inside it
    OVER = "over"  # more arguments than parameters
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Definition:
    """A function that the program names by ``let``."""

    id: int
    name: str
    file: str
    line: int  # from 1
    column: int  # from 0
    offset: int  # of its name in the file, in bytes
    group: int  # shared by those defined together
    inside: tuple[int, ...]  # definitions around it, outermost first
    cloneable: bool  # whether another function can be put beside it
    exported: bool  # named directly by its file
    top: bool
    arity: int
    uses: int
    escapes: bool
    recursive: bool
    size: int  # expressions in its body; the next count some of them
    calls: int
    primitives: int
    loops: int
    closures: int
    allocations: int
    branches: int
    tries: int


@dataclass(frozen=True, slots=True)
class Site:
    """A call. ``line`` and ``column`` are where the application begins, ``head_line`` and so on its function."""

    id: int
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    reach: int  # where the application ends, counted from the beginning of its first line
    head_line: int
    head_column: int
    head: tuple[int, int]  # where the function stands in the file, in bytes
    kind: Kind
    name: str
    callee: int | None  # definition, if the source says which
    inside: tuple[int, ...]  # definitions around it, outermost first
    arguments: int
    constant_arguments: int
    function_arguments: int
    variable_arguments: int
    allocating_arguments: int
    loop_depth: int
    branch_depth: int
    nesting: int  # functions around it
    try_depth: int

    @property
    def span(self) -> tuple[str, int, int, int, int]:
        """Where the application stands, as the compiler says it in warnings."""
        return self.file, self.line, self.column, self.end_line, self.end_column

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Where the application stands, as Flambda's report says it."""
        return self.file, self.line, self.column, self.reach

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.name} ({self.kind})"


@dataclass(frozen=True)
class Listing:
    """All of a program."""

    definitions: tuple[Definition, ...]
    sites: tuple[Site, ...]

    @cached_property
    def _within(self) -> Mapping[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {definition.id: [] for definition in self.definitions}
        for site in self.sites:
            for definition in site.inside:
                found[definition].append(site.id)
        return {definition: tuple(sites) for definition, sites in found.items()}

    def within(self, definition: int) -> tuple[int, ...]:
        """The sites in a function's body, those of functions in it too."""
        return self._within[definition]

    def callee(self, site: int) -> Definition | None:
        """The function that a site calls, if the source says which."""
        found = self.sites[site].callee
        return None if found is None else self.definitions[found]


def parse_listing(body: Mapping[str, Any], externals: bool) -> Listing:
    """The tool's JSON; calls of other libraries' functions are left out unless ``externals``."""
    definitions = tuple(
        Definition(id=number, **{**each, "inside": tuple(each["inside"])})
        for number, each in enumerate(body["definitions"])
    )
    kept = [each for each in body["sites"] if externals or each["kind"] != Kind.EXTERNAL]
    return Listing(definitions, tuple(_site(number, each) for number, each in enumerate(kept)))


def _site(number: int, body: Mapping[str, Any]) -> Site:
    tuples = {"inside": tuple(body["inside"]), "head": tuple(body["head"]), "kind": Kind(body["kind"])}
    return Site(id=number, **{**body, **tuples})
