"""A function and a call, as the source has them."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.ocaml.ir import CallKind


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of what there is in the body of a function, functions in it included."""

    size: int  # expressions; the others are some of them
    calls: int
    primitives: int
    loops: int
    closures: int
    allocations: int
    branches: int
    tries: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A function that the program names by ``let``; fields as those of the compiler's listing."""

    id: int
    name: str
    line: int  # from 1
    column: int  # from 0
    group: int  # shared by those defined together
    inside: tuple[int, ...]  # definitions around it, outermost first
    top: bool
    arity: int
    uses: int
    escapes: bool
    recursive: bool
    size: int
    calls: int
    primitives: int
    loops: int
    closures: int
    allocations: int
    branches: int
    tries: int


@dataclass(frozen=True, slots=True)
class Site:
    """A call; fields as those of the compiler's listing."""

    id: int
    line: int  # of the application's beginning, from 1
    column: int  # from 0
    head_line: int  # of the called function
    head_column: int
    kind: CallKind
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

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.name} ({self.kind})"
