"""`gymcc jitcse`: the way to a live RyuJIT (a stand-in, a survey of a collection), and learning over several splits."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from gymcc.envs.jitcse.backends.superpmi import Methods, SuperPMI
from gymcc.envs.jitcse.backends.superpmi.corpus import COLLECTION, CORE_ROOT
from gymcc.envs.jitcse.backends.superpmi.stub import JITS, MODES, write_core_root
from gymcc.scripts.jitcse_learning import SPLITS, repeated
from gymcc.scripts.output import Json, progress, show

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="JIT CSE: a stub of superpmi, surveys, learning.")

Out = Annotated[Path, typer.Option(help="Folder to make, a CORE_ROOT; must not exist.")]
Count = Annotated[int, typer.Option(help="Generated methods in the collection.", min=1)]
Seed = Annotated[int, typer.Option(help="Seed of the first of them.", min=0)]
Jit = Annotated[str, typer.Option(help=f"Which JIT to play: {', '.join(JITS)}.")]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        help="What goes wrong, MODE[@METHOD,...][*TIMES][+AFTER]: for all methods or those named, always or so often, "
        f"from the start or after so many requests; MODE of {', '.join(MODES)}. Repeatable.",
    ),
]
Root = Annotated[Path | None, typer.Option("--core-root", help=f"Folder with superpmi and the JIT; else ${CORE_ROOT}.")]
Mch = Annotated[Path | None, typer.Option("--collection", help=f"File of methods (.mch); else ${COLLECTION}.")]
Library = Annotated[str, typer.Option("--jit", help="Name of another JIT library in the folder.")]
Processes = Annotated[int, typer.Option(help="superpmi processes.", min=1)]
Cache = Annotated[Path | None, typer.Option(help="Folder of the caches; default: that of the collection.")]
Config = Annotated[Path, typer.Argument(help="A YAML of configs/ for jitcse-v0.")]
Folder = Annotated[Path, typer.Argument(help="Where the runs lie or are made, split-0 to split-4.")]
Start = Annotated[Path | None, typer.Option(help="Folder of such runs to start training from, split by split.")]
Splits = Annotated[int, typer.Option(help="How many splits.", min=1)]


@app.callback()
def group() -> None:
    """A live RyuJIT for JIT CSE, and learning over several splits."""


@app.command()
def stub(
    out: Out,
    methods: Count = 200,
    seed: Seed = 0,
    jit: Jit = "net10",
    fault: FaultOption = None,
    as_json: Json = False,
) -> None:
    """Write a CORE_ROOT whose superpmi speaks the real protocol, its answers computed by the embedded JIT."""
    written = write_core_root(out, methods, seed, jit, fault or ())
    row = {CORE_ROOT: str(written.core_root), COLLECTION: str(written.collection)}
    if as_json:
        show([row], True)
        return
    for variable, value in row.items():
        print(f"export {variable}={shlex.quote(value)}")


@app.command()
def survey(
    core_root: Root = None,
    collection: Mch = None,
    jit: Library = "",
    processes: Processes = 1,
    cache: Cache = None,
    as_json: Json = False,
) -> None:
    """Compile a collection once with no CSE and once with the JIT's heuristic, into caches beside it.

    Training does the same when it starts; what is in the caches is not done again.
    """
    compiler = SuperPMI(core_root, collection, jit=jit, processes=processes, cache=cache)
    try:
        with ExitStack() as stack:
            found = compiler.survey(progress=_bar(stack))
    finally:
        compiler.close()
    show([_summary(compiler, found)], as_json)
    if not as_json:
        for index, reason in sorted(found.failed.items()):
            print(f"left out: method {index}: {reason}")


@app.command()
def learning(
    config: Config, folder: Folder, start: Start = None, splits: Splits = SPLITS, as_json: Json = False
) -> None:
    """Train by a config on five splits, what is there already aside, and compare with the heuristic on each."""
    show(list(repeated(config, folder, start, splits)), as_json, "PerfScore against the stock heuristic's")


def _bar(stack: ExitStack) -> Callable[[int, int], None]:
    """A bar that is drawn once it is known how many methods there are to do."""
    bars: list[Callable[[], None]] = []

    def advance(done: int, total: int) -> None:
        if not bars:
            bars.append(stack.enter_context(progress(total - done + 1, "compiling")))
        bars[0]()

    return advance


def _summary(compiler: SuperPMI, found: Methods) -> dict[str, object]:
    """How many methods there are to learn on, and how the JIT's heuristic compares with no CSE on them."""
    scores = [
        (found.heuristic[index].perf_score, found.no_cse[index].perf_score)
        for index in (*found.split.train, *found.split.test)
        if index in found.heuristic
    ]
    return {
        "jit": compiler.corpus.jit.name,
        "build": compiler.corpus.build,
        "collection": compiler.corpus.collection.name,
        "compiled": len(found.no_cse),
        "left_out": len(found.failed),
        "train": len(found.split.train),
        "test": len(found.split.test),
        "heuristic_better_than_none": sum(heuristic < none for heuristic, none in scores),
        "same": sum(heuristic == none for heuristic, none in scores),
        "worse": sum(heuristic > none for heuristic, none in scores),
    }
