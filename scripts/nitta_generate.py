"""`gymcc nitta generate`: random Lua programs, as files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gymcc.envs.core.choices import choose
from gymcc.scripts.output import Json, show

if TYPE_CHECKING:
    from gymcc.envs.nitta.generator import Size

Out = Annotated[Path, typer.Argument(help="Folder to make; must not exist. Use it with -o dataset=FOLDER.")]
Named = Annotated[str, typer.Option(help="tiny, small, medium or hard, by number of functions.")]
Knobs = Annotated[
    list[str] | None,
    typer.Option("--knob", metavar="NAME=VALUE", help="In place of --size, functions=30 loops=4 …; repeatable."),
]
Count = Annotated[int, typer.Option(help="How many.", min=1)]
First = Annotated[int, typer.Option(help="The first seed; the others follow it.", min=0)]


def command(
    folder: Out, size: Named = "medium", knob: Knobs = None, count: Count = 10, seed: First = 0, as_json: Json = False
) -> None:
    """Write random programs into FOLDER, one Lua file each, the same for the same seed everywhere."""
    from gymcc.envs.nitta.generator import SIZES, generate

    choose(SIZES, size, "size")
    wanted = sized(knob) if knob else size
    sources = {f"{'random' if knob else size}{each}": generate(each, wanted) for each in range(seed, seed + count)}
    if folder.exists():
        raise ValueError(f"{folder}: exists already; choose a folder to be made")
    folder.mkdir(parents=True)
    for name, source in sources.items():
        (folder / f"{name}.lua").write_text(source)
    show([{"folder": str(folder), "programs": len(sources)}], as_json)


def sized(knobs: list[str]) -> Size:
    """The size that knobs tell; raises ValueError for one that there is not, or of a value out of its range."""
    from gymcc.envs.nitta.generator import Size

    types = {field.name: float if field.type == "float" else int for field in fields(Size)}
    found: dict[str, float] = {}
    for text in knobs:
        name, _, value = text.partition("=")
        choose(types, name, "knob")
        try:
            found[name] = types[name](value)
        except ValueError as error:
            raise ValueError(f"--knob {text}: {name} takes a number") from error
    if "functions" not in found:
        raise ValueError("--knob functions=N is needed: how many functions the compiled program has")
    return Size(**found)  # type: ignore[arg-type]  # of its own type each, see above
