"""`gymcc train`: train an agent from a configuration."""

from __future__ import annotations

from pathlib import Path
from time import strftime
from typing import Annotated

import typer

from gymcc.scripts.evaluate import evaluate as evaluate_run

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
) -> None:
    """Train; Ctrl-C or a kill leaves a run folder that --resume continues.

    Checkpoints are RLlib's and contain pickles: resume only run folders of your own.
    """
    from gymcc.agents.config import load_config
    from gymcc.agents.rllib.train import train

    if resume:
        run = config
        experiment = load_config(run / "config.yaml", override, seed=seed)
    else:
        experiment = load_config(config, override, seed=seed)
        run = out or Path("runs") / f"{config.stem}-{strftime('%Y%m%d-%H%M%S')}"
    train(experiment, run, resume=resume, wandb_run=wandb_run)
    print(f"run:     {run}")
    if evaluate:
        evaluate_run(run)
