"""The intermediate representation, inlined or not, as OCaml source that ocamlopt and our front end accept.

It computes the same. Names get their variable's id, modules disappear. A match whose arm several leaves share becomes a
condition with ``&&`` and ``||`` where it is one, else the arm becomes a local function. The representation does not
tell the immediate types apart, so a comparison of parameters that nothing else shows to be ints may become polymorphic.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.ocaml.deep import recursion
from gymcc.envs.ocaml.ir import Path, Position, Program, TypeDeclaration
from gymcc.envs.ocaml.printing.blocks import BlockPrinter
from gymcc.envs.ocaml.printing.toplevel import print_main
from gymcc.envs.ocaml.printing.writer import Writer

_FRAMES = 50_000


@dataclass(frozen=True, slots=True)
class Printed:
    """OCaml source. ``calls``: where calls' heads stand in it, by the path of their copy and their site."""

    text: str
    calls: dict[tuple[Path, int], tuple[Position, ...]]


def print_program(program: Program) -> Printed:
    """Print a program; the positions say which application is which site."""
    writer = Writer()
    with recursion(_FRAMES):
        for index, declaration in enumerate(program.types):  # all together: they may be mutually recursive
            keyword = "and" if index else "type"
            writer.line(f"{keyword} {_parameters(declaration)}{declaration.name} = {declaration.text}")
        print_main(program, BlockPrinter(writer))
    return Printed(writer.text(), {key: tuple(places) for key, places in writer.calls.items()})


def _parameters(declaration: TypeDeclaration) -> str:
    names = ", ".join(declaration.parameters)
    return f"({names}) " if len(declaration.parameters) > 1 else f"{names} ".lstrip()
