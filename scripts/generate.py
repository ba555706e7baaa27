"""`gymcc generate`: write datasets of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.dataset_files import write_dataset
from gymcc.envs.looptune.dataset import matmuls
from gymcc.scripts.output import Json, show

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Write a dataset folder: instances, card and split."
)

Kind = Annotated[str, typer.Option(help="Kind of contraction; mm is C[m,n] += A[m,k] * B[k,n].")]
DimA = Annotated[
    str, typer.Option("--dimA", help="Ranges of A's dimensions m,k: N, a:b, a:b:step (b inclusive), a|b|c.")
]
DimB = Annotated[str, typer.Option("--dimB", help="Ranges of B's dimensions k,n; k as in --dimA.")]
Out = Annotated[Path, typer.Option(help="Folder to make; must not exist.")]
Seed = Annotated[int, typer.Option(help="Seed of the train/validation/test split.")]


@app.callback()
def group() -> None:
    """Write a dataset folder."""


@app.command()
def looptune(dim_a: DimA, dim_b: DimB, out: Out, kind: Kind = "mm", seed: Seed = 0, as_json: Json = False) -> None:
    """Contractions for LoopTune, in LoopTune's range syntax."""
    if kind != "mm":
        raise ValueError(f"unknown kind {kind!r}; allowed: mm")
    dataset = Dataset(
        name=f"looptune/{out.name}",
        instances=matmuls(dim_a, dim_b),
        description=f"Matrix multiplications with A of {dim_a} and B of {dim_b}.",
        origin=f"gymcc generate looptune --kind mm --dimA {dim_a} --dimB {dim_b} --seed {seed}",
        seed=seed,
    )
    write_dataset(dataset, out)
    counts = {part: len(dataset.split(part)) for part in ("train", "validation", "test")}
    show([{"dataset": dataset.name, "folder": str(out), "instances": len(dataset), **counts}], as_json)
