"""`gymcc ocaml learn`: a policy from what decisions are worth, as `gymcc ocaml attribute` has found it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gymcc.scripts.output import Json, progress, show

if TYPE_CHECKING:
    from gymcc.agents.ocaml_inlining.learning import Worth

Config = Annotated[Path, typer.Argument(help="A YAML such as configs/ocaml-inline.yaml.")]
Values = Annotated[list[Path], typer.Option("--values", help="Folder that `gymcc ocaml attribute` filled; repeatable.")]
Out = Annotated[Path, typer.Option(help="New folder for policy.onnx and policy.json.")]


def command(config: Config, values: Values, out: Out, as_json: Json = False) -> None:
    """Train a committee of experts on the settings' splits and on the generator's programs.

    Prints the rule by which it decides and what it makes of programs of its own splits, fold by fold unseen: geometric
    means in shares of the default's, and the program that gets slowest. Minutes; begun anew if broken off.
    """
    from gymcc.agents.ocaml_inlining.learning import learn
    from gymcc.agents.ocaml_inlining.settings import load
    from gymcc.benchmarks.ocaml_rewards import label

    worth = read(values)
    with progress(len(worth), "programs") as advance:
        found = learn(load(config), worth, label, out, advance)
    show([{"policy": str(out), **found["rule"], **{name: found[name] for name in found if name != "rule"}}], as_json)


def read(folders: Sequence[Path]) -> Worth:
    """What is known of each program; raises ValueError for a program that is in two folders."""
    from gymcc.benchmarks.ocaml_rewards.files import read_values

    found: dict[str, dict[str, dict[tuple[int, ...], dict[str, Any]]]] = {}
    for folder in folders:
        rows = read_values(folder)
        if twice := found.keys() & {row["program"] for row in rows}:
            raise ValueError(f"{folder}: {sorted(twice)[0]} is in another folder, too")
        for row in rows:
            found.setdefault(row["program"], {}).setdefault(row["model"], {})[row["path"]] = row
    return found
