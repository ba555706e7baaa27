"""`gymcc train`: train an agent from a configuration."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import strftime
from typing import Annotated, Any

import typer

from gymcc.agents.config import Cloning, Experiment, load, read_yaml, validated
from gymcc.agents.overrides import overridden, with_pairs
from gymcc.agents.rllib.folder import FAILURES
from gymcc.scripts.environments import make
from gymcc.scripts.evaluate import evaluate as evaluate_run
from gymcc.scripts.output import Json

Progress = Callable[[dict[str, Any]], None]
Config = Annotated[Path, typer.Argument(help="A YAML of configs/, or with --resume a run folder.")]
Out = Annotated[Path | None, typer.Option(help="Run folder to make; default runs/<config>-<time>.")]
Resume = Annotated[bool, typer.Option(help="Continue the run in the given folder from its last checkpoint.")]
Seed = Annotated[int | None, typer.Option(help="Instead of the configuration's seed.")]
WandbRun = Annotated[str | None, typer.Option(help="Continue this W&B run: entity/project/id or its URL.")]
Evaluate = Annotated[bool, typer.Option("--evaluate", help="Afterwards compare with searches and write report.html.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override a key, e.g. --set env.options.backend=model.")]


def command(
    config: Config,
    out: Out = None,
    resume: Resume = False,
    seed: Seed = None,
    wandb_run: WandbRun = None,
    evaluate: Evaluate = False,
    override: Set = None,
    as_json: Json = False,
) -> None:
    """Train; Ctrl-C or a kill leaves a run folder that --resume continues.

    Checkpoints are RLlib's and contain pickles: resume only run folders of your own.
    """
    if resume and (out or override or seed is not None):
        raise ValueError("--resume continues a run as it was configured: it takes no --out, --set or --seed")
    overrides = [*(override or []), *([f"seed={seed}"] if seed is not None else [])]
    run = config if resume else out or Path("runs") / f"{config.stem}-{strftime('%Y%m%d-%H%M%S')}"
    progress = _tell_json if as_json else _tell
    if not resume and of_values(config):
        if evaluate or wandb_run:
            raise ValueError(f"{config} is of NITTA's value network: it takes no --evaluate and no --wandb-run")
        _train_values(config, overrides, run, progress)
        return
    experiment = None if resume else overridden(load(config), overrides)
    if experiment:
        for more in ({}, experiment.validation.options):  # faults in options are told before torch is loaded
            make(experiment.env.id, **experiment.env.options | more)
    if experiment and isinstance(experiment.algorithm, Cloning):
        from gymcc.agents.cloning import clone

        clone(experiment, run, progress)
    else:
        _train(experiment, run, resume, wandb_run, progress)
    if not as_json:
        print(f"run:     {run}")
        if (left_out := run / FAILURES).is_file():
            print(f"left out: the instances of {left_out}, which says why")
    if evaluate:
        evaluate_run(run, as_json=as_json)


def of_values(config: Path) -> bool:
    """Whether a config is of NITTA's value network, not of an experiment."""
    return config.is_file() and "kind" in read_yaml(config, Experiment)


def _train_values(config: Path, overrides: list[str], run: Path, progress: Progress) -> None:
    from gymcc.agents.nitta_value import settings
    from gymcc.agents.nitta_value.online import learn_online

    read = settings.load(config)
    if not isinstance(read, settings.ValueSettings):
        raise ValueError(f"{config} is of a guide: `gymcc nitta learn` trains it")
    body = with_pairs(read.model_dump(mode="json"), overrides)
    print(f"run:     {learn_online(validated(settings.ValueSettings, body, '--set'), run, progress)}")


def _train(experiment: Experiment | None, run: Path, resume: bool, wandb_run: str | None, progress: Progress) -> None:
    from gymcc.agents.rllib.train import train  # torch and ray: seconds, and only for those who train

    try:
        train(experiment, run, resume=resume, wandb_run=wandb_run, progress=progress)
    except KeyboardInterrupt:
        print(f"interrupted; `gymcc train {run} --resume` goes on", file=sys.stderr)
        raise


def _tell(row: dict[str, Any]) -> None:
    """One line per iteration: progress that also reads well in a log file."""
    if "ended" in row:
        print(f"ended:   {row['ended']}", flush=True)
        return
    print(", ".join(f"{name} {value:.4g}" for name, value in row.items() if isinstance(value, int | float)), flush=True)


def _tell_json(row: dict[str, Any]) -> None:
    """The row as metrics.jsonl has it."""
    print(json.dumps(row), flush=True)
