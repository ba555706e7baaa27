"""`gymcc ocaml upload`: tell the training what came of the decisions that `gymcc ocaml ppx --record` took."""

from __future__ import annotations

import uuid
from math import isfinite, log
from pathlib import Path
from typing import Annotated

import typer

from gymcc.scripts.work import List, Server

Folder = Annotated[Path, typer.Argument(help="What `gymcc ocaml ppx --record` has written to.")]
Cost = Annotated[float, typer.Option(help="Of the program as decided: instructions, or seconds.")]
Baseline = Annotated[float, typer.Option(help="Of the program as the compiler alone makes it, in the same unit.")]
Size = Annotated[float | None, typer.Option(help="Bytes of the program's code as decided.")]
BaselineSize = Annotated[float | None, typer.Option(help="Bytes as the compiler alone makes it.")]
SizeWeight = Annotated[float | None, typer.Option(help="What size weighs; default: the environment's own.", min=0)]


def command(
    folder: Folder,
    cost: Cost,
    baseline: Baseline,
    size: Size = None,
    baseline_size: BaselineSize = None,
    size_weight: SizeWeight = None,
    server: Server = "127.0.0.1:6780",
    into: List = "experience",
) -> None:
    """Upload recorded episodes with the measured outcome of the whole program as their reward, for `gymcc train`.

    Every file of the program is an episode that ends with -ln(COST / BASELINE), less what growth of the code weighs.
    Files that were uploaded are removed from the folder.
    """
    from gymcc.agents.recorded import records
    from gymcc.agents.serving import Client
    from gymcc.agents.serving.online.episodes import to_transitions
    from gymcc.agents.serving.online.upload import TransitionUploader
    from gymcc.envs.ocaml.problem import SIZE_WEIGHT

    sizes = None if size is None and baseline_size is None else (size, baseline_size)
    worth = reward(cost, baseline, sizes, SIZE_WEIGHT if size_weight is None else size_weight)
    found = list(records(folder))
    if not found:
        raise ValueError(f"{folder}: no recorded episodes here; `gymcc ocaml ppx --record {folder}` writes them")
    with Client(server) as client:
        uploader = TransitionUploader(into, client=client, rank=uuid.uuid4().hex)
        for path, recorded in found:
            uploader.put_transitions(to_transitions(recorded.worth(worth)), recorded.version)
            path.unlink()
    steps = sum(len(recorded.episode.actions) for _, recorded in found)
    print(f"{len(found)} episodes of {steps} decisions uploaded to {into}, reward {worth:.4g}")


def reward(cost: float, baseline: float, sizes: tuple[float | None, float | None] | None, weight: float) -> float:
    """The environment's: -ln(cost / baseline) - weight * max(0, ln(size / baseline size)); raises ValueError."""
    numbers = {"--cost": cost, "--baseline": baseline}
    if sizes is not None:
        numbers |= dict(zip(("--size", "--baseline-size"), (value or 0.0 for value in sizes), strict=True))
    for name, value in numbers.items():
        if not (isfinite(value) and value > 0):
            raise ValueError(f"{name} is a positive number, and sizes come in pairs; got {value:g}")
    growth = 0.0 if sizes is None else log(numbers["--size"] / numbers["--baseline-size"])
    return -log(cost / baseline) - weight * max(0.0, growth)
