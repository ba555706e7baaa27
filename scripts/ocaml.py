"""`gymcc ocaml`: the way to a real OCaml compiler."""

from __future__ import annotations

from typing import Annotated

import typer

from gymcc.envs.ocaml.backends.compiler import build, detect
from gymcc.scripts.output import Json, show

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="OCaml inlining: the real compiler.")

Flambda = Annotated[bool, typer.Option("--flambda", help="Build a private Flambda compiler from Debian's source too.")]


@app.callback()
def group() -> None:
    """OCaml inlining: the real compiler."""


@app.command()
def setup(flambda: Flambda = False, as_json: Json = False) -> None:
    """Build the tool that rewrites programs, with the OCaml compiler that is installed, into the user's cache.

    It is built when first needed, too; setting up says beforehand what is missing.
    """
    toolchain = detect("flambda" if flambda else "")
    tool = build(toolchain)
    row = {"compiler": str(toolchain.ocamlopt), "middle_end": toolchain.middle_end, "tool": str(tool.path)}
    show([row], as_json)
