"""`gymcc generate`: write datasets of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.dataset_files import write_dataset
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.looptune.dataset import matmuls, parse_range
from gymcc.scripts.output import Json, progress, show

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Write a dataset folder: instances, card and split."
)

Kind = Annotated[str, typer.Option(help="Kind of contraction; mm is C[m,n] += A[m,k] * B[k,n].")]
DimA = Annotated[
    str, typer.Option("--dimA", help="Ranges of A's dimensions m,k: N, a:b, a:b:step (b inclusive), a|b|c.")
]
DimB = Annotated[str, typer.Option("--dimB", help="Ranges of B's dimensions k,n; k as in --dimA.")]
Out = Annotated[Path, typer.Option(help="Folder to make; must not exist.")]
FromPython = Annotated[Path | None, typer.Option(help="Lower the functions of the Python files below this folder.")]
Methods = Annotated[int, typer.Option(help="Without sources: how many seeds of the generator.", min=1)]
First = Annotated[int, typer.Option(help="Without sources: the first seed of the generator.", min=0)]
Candidates = Annotated[str, typer.Option(help="Keep methods with so many candidates: N, a:b (b inclusive), a|b|c.")]
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
    _tell(dataset, out, as_json)


@app.command()
def jitcse(
    out: Out,
    from_python: FromPython = None,
    count: Methods = 1000,
    seed: First = 0,
    candidates: Candidates = "1:64",
    split_seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Methods for JIT CSE: from Python sources, which are only parsed, or from the seeded generator."""
    from gymcc.envs.jitcse.dataset import write_own
    from gymcc.envs.jitcse.frontend import analyse

    allowed = set(parse_range(candidates))
    drawn, origin = _from_python(from_python) if from_python else _generated(seed, count)
    methods = []
    with progress(len(drawn), "methods") as step:
        for method in drawn:
            methods += [method] if len(analyse(method).candidates) in allowed else []
            step()
    if not methods:
        raise ValueError(f"no method has {candidates} candidates: {origin}")
    dataset = Dataset(
        name=f"jitcse/{out.name}",
        instances=tuple(method.name for method in methods),
        description=f"Methods with {candidates} candidates.",
        origin=origin,
        licence="that of the sources" if from_python else "Apache-2.0",
        seed=split_seed,
    )
    write_own(dataset, methods, out)
    _tell(dataset, out, as_json)


def _from_python(folder: Path) -> tuple[list[Method], str]:
    from gymcc.benchmarks.jitcse_corpus import from_python

    return list(from_python(folder, prefix="own")), f"gymcc generate jitcse --from-python {folder}"


def _generated(first: int, count: int) -> tuple[list[Method], str]:
    from gymcc.envs.jitcse.generator import generate

    methods = [replace(generate(seed), name=f"own/gen-{seed}") for seed in range(first, first + count)]
    return methods, f"gymcc generate jitcse --seed {first} --count {count}"


def _tell(dataset: Dataset, out: Path, as_json: bool) -> None:
    counts = {part: len(dataset.split(part)) for part in ("train", "validation", "test")}
    show([{"dataset": dataset.name, "folder": str(out), "instances": len(dataset), **counts}], as_json)
