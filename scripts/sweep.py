"""`gymcc sweep`: many trainings with settings drawn from ranges, the poor ones ended early."""

from __future__ import annotations

from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gymcc.agents.sweep.config import Sweep, load_sweep
from gymcc.benchmarks.report.sweep import Run, text, write_sweep_report
from gymcc.scripts.environments import make
from gymcc.scripts.output import Json, invocation, show

if TYPE_CHECKING:
    from gymcc.agents.sweep.results import Sample

Config = Annotated[Path, typer.Argument(help="A YAML of configs/ with ranges, or with --resume a sweep's folder.")]
Samples = Annotated[int | None, typer.Option(help="Trainings to draw, instead of the file's number.")]
Parallel = Annotated[int, typer.Option(help="Trainings at a time; each takes a core, and one per runner.")]
Out = Annotated[Path | None, typer.Option(help="Folder to make; default runs/<config>-<time>.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the sweep in the given folder.")]
REPORT = "report.html"


def command(
    config: Config,
    samples: Samples = None,
    parallel: Parallel = 1,
    out: Out = None,
    resume: Resume = False,
    as_json: Json = False,
) -> None:
    """Train with settings drawn from a file's ranges; poor trainings end early (ASHA), the best is kept in best/.

    Every training is a run folder in runs/ of the sweep's folder. Interrupted or killed, --resume goes on.
    """
    if parallel < 1 or (samples is not None and samples < 1):
        raise ValueError("--parallel and --samples: allowed: 1 or more")
    if resume and (out or samples is not None):
        raise ValueError("--resume goes on with a sweep as it was begun: it takes no --out and no --samples")
    from gymcc.agents.sweep.run import KEPT, resume_sweep, run_sweep  # Ray: seconds, and only for those who sweep

    tell = (lambda line: None) if as_json else lambda line: print(line, flush=True)
    folder = config if resume else out or Path("runs") / f"{config.stem}-{strftime('%Y%m%d-%H%M%S')}"
    try:
        if resume:
            found = resume_sweep(folder, parallel, tell)
        else:
            sweep, experiment = load_sweep(config)
            make(experiment.env.id, **experiment.env.options)  # faults in options are told before Ray starts
            sweep = sweep if samples is None else sweep.model_copy(update={"samples": samples})
            found = run_sweep(sweep, experiment, folder, parallel, tell)
    except KeyboardInterrupt:
        typer.echo(f"interrupted; `gymcc sweep {folder} --resume` goes on", err=True)
        raise
    if not found:
        raise ValueError(f"{folder}: no training came to a validation")
    _tell(found, load_sweep(folder / KEPT)[0], folder, as_json)


def _tell(found: list[Sample], sweep: Sweep, folder: Path, as_json: bool) -> None:
    runs = [
        Run(each.run.name, each.values, each.speedup, each.env_steps, each.seconds, each.ended_early, each.curve)
        for each in found
    ]
    log = [key for key, span in sweep.ranges.items() if span.log_uniform is not None]
    write_sweep_report(folder / REPORT, f"{folder.name}: sweep", runs, log, [invocation()])
    show([_row(run, as_json) for run in runs], as_json, folder.name)
    if not as_json:
        print(f"best:   {folder / 'best'}\nreport: {folder / REPORT}")


def _row(run: Run, plain: bool) -> dict[str, Any]:
    drawn = {key: value if plain else text(value) for key, value in run.values.items()}
    ended = {"env_steps": run.env_steps, "ended_early": run.ended_early}
    return {"run": run.name, **drawn, "speedup": run.speedup, **ended}
