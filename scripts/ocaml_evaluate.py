"""`gymcc ocaml evaluate`: policies on programs that they have not seen, in the simulator and with real compilers."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Annotated, Any

import typer

from gymcc.scripts.ocaml_learn import Config, Values, read
from gymcc.scripts.output import Json, progress, show

Out = Annotated[Path, typer.Option(help="Folder for a policy per fold and a row per program; gone on with if begun.")]
Folds = Annotated[int, typer.Option(help="Parts that programs are held out in.", min=2)]
Compiler = Annotated[
    list[str] | None, typer.Option("--compiler", help="A real back end to try the policies with too: closure, flambda.")
]
Evaluations = Annotated[int, typer.Option(help="Of annealing, for the best decisions of a program.", min=1)]
SHARES = ("time", "size", "cost", "annealing", "best")


def command(
    config: Config,
    values: Values,
    out: Out,
    folds: Folds = 5,
    compiler: Compiler = None,
    evaluations: Evaluations = 1000,
    as_json: Json = False,
) -> None:
    """Leave programs out, fold by fold: train on the others, choose all there is to choose on them, then try.

    Columns are shares of the default's: time and size in the simulator and, named after it, with a real compiler; cost
    is time with size. Captured is the part of the head-room between the default and annealing's best decisions that
    the policy has, in logarithms of costs, which is only told of all programs together: ``best``, the better of
    annealing and hill climbing, is stricter. The last rows are geometric means with 95 % bootstrap intervals over
    programs, and the worst. May be killed and called again.
    """
    from gymcc.agents.ocaml_inlining.holding_out import Trial, hold_out
    from gymcc.agents.ocaml_inlining.settings import load
    from gymcc.benchmarks.ocaml_rewards import label

    worth, trial = read(values), Trial(folds, tuple(compiler or ()), evaluations)
    with progress(len(worth), "programs") as advance:
        rows = hold_out(load(config), worth, label, trial, out, advance)
    show(table(rows), as_json)


def table(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by program, and the summary of all: geometric means, their intervals, worst, captured head-room."""
    from gymcc.benchmarks.statistics import bootstrap_interval

    best = [{**row, "best": min(row["annealing"], row["flips"])} for row in rows]
    shares = [name for name in best[0] if name in SHARES or name.endswith(("_time", "_size"))]
    columns = {name: [float(row[name]) for row in best] for name in shares}
    spread = {name: bootstrap_interval(column, "geomean") for name, column in columns.items()}
    blank = {"fold": None, "rule": None}
    plain = [{"program": row["program"], **{name: row[name] for name in (*blank, *shares)}} for row in best]
    summary: list[dict[str, Any]] = [
        {"program": "geometric mean", **blank, **{name: each.estimate for name, each in spread.items()}},
        {"program": "95 % interval", **blank, **{name: [each.low, each.high] for name, each in spread.items()}},
        {"program": "worst", **blank, **{name: max(column) for name, column in columns.items()}},
    ]
    captured = {name: _captured(columns["cost"], columns[name]) for name in ("annealing", "best")}
    return [*plain, *summary, {"program": "captured", **blank, **dict.fromkeys(shares), **captured}]


def _captured(costs: Sequence[float], best: Sequence[float]) -> float | None:
    """The part of the room for improvement that is used."""
    room = sum(map(log, best))
    return sum(map(log, costs)) / room if room else None
