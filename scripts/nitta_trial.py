"""`gymcc nitta trial`: the guided search against NITTA's stateOfTheArt, program by program, with as many nodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.scripts.nitta_crawl import lua_files
from gymcc.scripts.output import Json, progress, show

Programs = Annotated[
    list[Path] | None, typer.Option("--program", help="A Lua program, or a folder of them; else of --dataset.")
]
Dataset = Annotated[str, typer.Option(help="nitta/programs, one of its tiers, nitta/generated.")]
Split = Annotated[str, typer.Option(help="train, validation, test or all.")]
Count = Annotated[int, typer.Option(help="At most so many programs, spread over the split.")]
GuideFolder = Annotated[Path | None, typer.Option("--guide", help="Run of `gymcc nitta learn`; default: the shipped.")]


def command(
    program: Programs = None,
    dataset: Dataset = "nitta/programs",
    split: Split = "test",
    count: Count = 100,
    guide: GuideFolder = None,
    as_json: Json = False,
) -> None:
    """Compare the guided search with stateOfTheArt, which sets the limit of nodes; a row per program and a summary.

    Programs that the guide was trained on, or that are the same but for names and constants, are left out.
    """
    from gymcc.agents.nitta_value.guide import SHIPPED, Guide
    from gymcc.agents.nitta_value.trial import compared, summary
    from gymcc.agents.nitta_value.twins import fingerprint, trained_on
    from gymcc.envs.nitta.frontend import compile_lua
    from gymcc.envs.nitta.tree import open_tree

    loaded = Guide.load(guide or SHIPPED)
    sources = _of_files(program) if program else _of_dataset(dataset, split, count)
    programs = {name: compile_lua(source, name) for name, source in sources.items()}
    seen = trained_on(loaded.card)
    known = [name for name, each in programs.items() if fingerprint(each) in seen]
    trials = []
    with progress(len(programs) - len(known), "comparing") as advance:
        for name in (name for name in programs if name not in known):
            trials.append(compared(name, loaded, root=open_tree(programs[name])))
            advance(name)
    rows = [trial.row() for trial in trials]
    if as_json:
        show([{"programs": rows, "summary": summary(trials), "left_out": known}], True)
        return
    show([{name: value for name, value in row.items() if name != "sid"} for row in rows], False)
    show([summary(trials)], False)
    if known:
        print(f"left out, for the guide was trained on them or their like: {', '.join(known)}")


def _of_files(paths: list[Path]) -> Mapping[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in lua_files(paths)}


def _of_dataset(dataset: str, split: str, count: int) -> Mapping[str, str]:
    from gymcc.envs.nitta.env import make_problem
    from gymcc.scripts.environments import pick_instances

    problem = make_problem(dataset)
    options: dict[str, Any] = {"dataset": dataset}
    instances = pick_instances(problem, options, split, count)
    return {instance: problem.library.source(instance) for instance in instances}
