"""`gymcc nitta crawl`: synthesis trees as training data, labelled by what lies below each decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.scripts.output import Json, progress, show

Folder = Annotated[Path, typer.Argument(help="Where the tables go; a folder that was begun is gone on with.")]
Programs = Annotated[
    list[Path], typer.Option("--program", help="A Lua program, or a folder of them and their sub-folders; repeatable.")
]
Samples = Annotated[int, typer.Option(help="Random paths in a large tree.")]
Nodes = Annotated[int, typer.Option(help="Trees of at most so many nodes are seen completely.")]
Seed = Annotated[int, typer.Option(help="Seed of the random paths.")]
Uarch = Annotated[Path | None, typer.Option("--microarchitecture", help="Microarchitecture (TOML); default: NITTA's.")]


def command(
    folder: Folder,
    program: Programs,
    samples: Samples = 5000,
    nodes: Nodes = 20_000,
    seed: Seed = 0,
    microarchitecture: Uarch = None,
    as_json: Json = False,
) -> None:
    """Crawl the trees of programs into FOLDER, one Parquet table each; may be killed and called again."""
    from gymcc.benchmarks.nitta_crawl.crawl import Plan, crawl, report

    trees = {path.stem: partial(_root, path, microarchitecture) for path in lua_files(program)}
    plan = Plan(samples=samples, nodes=nodes, seed=seed)
    with progress(100 * len(trees), "crawling") as advance:
        crawl(trees, folder, plan, _told(advance))
    show(report(folder), as_json)


def lua_files(paths: Iterable[Path]) -> list[Path]:
    """The Lua files among and below ``paths``; raises ValueError where there is none or two have one name."""
    found: dict[str, Path] = {}
    for path in paths:
        files = sorted(path.rglob("*.lua")) if path.is_dir() else [path]
        if not files:
            raise ValueError(f"{path}: no Lua program (*.lua) here")
        for file in files:
            if file.stem in found and found[file.stem] != file:
                raise ValueError(f"{file} and {found[file.stem]} have the same name; tables are named after programs")
            found[file.stem] = file
    return list(found.values())


def _root(path: Path, microarchitecture: Path | None) -> Any:
    from gymcc.envs.nitta.server.serving import read_program
    from gymcc.envs.nitta.tree import open_tree

    return open_tree(*read_program(path, None, microarchitecture))


def _told(advance: Callable[[str], None]) -> Callable[[str, float], None]:
    """Moves a bar of 100 per program."""
    shown: dict[str, int] = {}

    def tell(program: str, part: float) -> None:
        for _ in range(shown.get(program, 0), int(100 * part)):
            advance(program)
        shown[program] = int(100 * part)

    return tell
