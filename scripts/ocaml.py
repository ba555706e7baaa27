"""`gymcc ocaml`: the way to a real OCaml compiler."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gymcc.envs.ocaml.backends.compiler import build, detect
from gymcc.envs.ocaml.backends.compiler.flambda import install
from gymcc.scripts import ocaml_attribute, ocaml_collect, ocaml_evaluate, ocaml_learn, ocaml_ppx, ocaml_upload
from gymcc.scripts.output import Json, show

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="OCaml inlining: the real compiler.")
app.command("collect")(ocaml_collect.command)
app.command("attribute")(ocaml_attribute.command)
app.command("learn")(ocaml_learn.command)
app.command("evaluate")(ocaml_evaluate.command)
app.command("ppx")(ocaml_ppx.command)
app.command("upload")(ocaml_upload.command)

Flambda = Annotated[
    bool, typer.Option("--flambda", help="With a private Flambda compiler, built from Debian's source.")
]
Jobs = Annotated[int, typer.Option(help="Processes that build Flambda; 0: one for each processor.", min=0)]


@app.callback()
def group() -> None:
    """OCaml inlining: the real compiler."""


@app.command()
def setup(flambda: Flambda = False, jobs: Jobs = 0, as_json: Json = False) -> None:
    """Build the tool that rewrites programs, with the OCaml compiler that is installed, into the user's cache.

    It is built when first needed, too; setting up says beforehand what is missing. With --flambda, a compiler with
    Flambda is fetched, built (8 minutes of processor time, 0.8 GB of disk meanwhile) and kept there first; called
    again after it was broken off, it goes on.
    """
    toolchain = install(lambda stage: print(stage, file=sys.stderr), jobs) if flambda else detect()
    row = {"compiler": str(toolchain.ocamlopt), "middle_end": toolchain.middle_end, "tool": str(build(toolchain).path)}
    show([row], as_json)
