"""From an experiment to a training that runs elsewhere: the run folder first, then its start, or nothing at all."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gymcc.agents.config import Cloning, ConfigError, Experiment, dump, in_group, load
from gymcc.agents.launch import local, slurm
from gymcc.agents.launch.books import Books
from gymcc.agents.launch.resources import Resources
from gymcc.agents.launch.script import Plan, batch_script
from gymcc.agents.launch.state import at_work


class LaunchError(ValueError):
    """A launch that must not be; nothing was started and nothing is left behind."""


def on_slurm(
    experiment: Experiment | None,
    run: Path,
    resources: Resources,
    plan: Plan,
    *,
    command: str,
    runners: int | None = None,
    wandb_run: str | None = None,
    submit: bool = True,
) -> str | None:
    """Write the batch script into the run folder and submit it; the job's number, None without ``submit``.

    Without an ``experiment`` the run in the folder goes on. ``runners`` processes step environments; default: one per
    core, but for the core of the learner. Raises :class:`LaunchError`, ConfigError, SlurmError.
    """
    books, body = Books(run), batch_script(run, resources, plan, command)
    with _prepared(run, _spread(experiment, resources.runners if runners is None else runners)):
        books.script.write_text(body)
        books.script.chmod(0o755)
        facts = {"on": "slurm", "job": None, "wandb_run": wandb_run, "command": command}
        books.open(facts)
        if submit:
            job = slurm.submit(books.script)
            try:
                books.open({**facts, "job": job})
            except OSError:
                slurm.cancel(job)
                raise
            return job
    return None


def on_this_machine(
    experiment: Experiment | None,
    run: Path,
    *,
    command: str,
    address: str | None = None,
    patience: int = 300,
    runners: int | None = None,
    wandb_run: str | None = None,
) -> str:
    """Train in the background here, on a Ray of its own or on the running cluster at ``address``; the process.

    Without an ``experiment`` the run in the folder goes on. Raises :class:`LaunchError`, ConfigError.
    """
    books = Books(run)
    with _prepared(run, _spread(experiment, runners)):
        facts: dict[str, Any] = {"on": "local", "job": None, "wandb_run": wandb_run, "command": command}
        books.open(facts)
        job = local.start(books, Path(sys.executable), address, patience)
        books.open({**facts, "job": job})
        return job


def seeds(experiment: Experiment, run: Path, count: int) -> list[tuple[Experiment, Path]]:
    """The experiment under ``count`` seeds from its own on, each with a run folder; just ``run`` for one.

    Seeds are one group of W&B runs, named like the folder unless the experiment names one.
    """
    if count < 1:
        raise ValueError(f"--jobs {count}: allowed: 1 or more")
    if count == 1:
        return [(experiment, run)]
    numbers = range(experiment.seed, experiment.seed + count)
    grouped = in_group(experiment, run.name)
    return [(grouped.model_copy(update={"seed": seed}), run / f"seed-{seed}") for seed in numbers]


def default_plan(**changes: Any) -> Plan:
    """A plan that uses the interpreter that runs this."""
    return replace(Plan(python=Path(sys.executable)), **changes)


def _spread(experiment: Experiment | None, runners: int | None) -> Experiment | None:
    if experiment is None or runners is None:
        return experiment
    if runners < 0:
        raise ValueError(f"--runners {runners}: allowed: 0 or more")
    return experiment.model_copy(update={"runners": experiment.runners.model_copy(update={"num_env_runners": runners})})


@contextmanager
def _prepared(run: Path, experiment: Experiment | None) -> Iterator[None]:
    """A new run folder with its config, or an old one at which nobody works; a failed launch leaves it as it was."""
    if experiment is None:
        _require_idle(run)
        (run / "launch").mkdir(exist_ok=True)
        yield
        return
    if isinstance(experiment.algorithm, Cloning):
        raise ConfigError("algorithm.name: cloning takes minutes in one process: `gymcc train`; allowed: dqn, ppo")
    existed = run.is_dir()
    _claim(run)
    try:
        (run / "config.yaml").write_text(dump(experiment))
        yield
    except BaseException:
        shutil.rmtree(run / "launch")
        (run / "config.yaml").unlink(missing_ok=True)
        if not existed:
            run.rmdir()
        raise


def _claim(run: Path) -> None:
    """Make the folder ours; of two launches at the same moment one gets it."""
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise LaunchError(f"{run}: exists already; choose another --out, or go on with it: gymcc launch {run} --resume")
    run.mkdir(parents=True, exist_ok=True)
    try:
        (run / "launch").mkdir()
    except FileExistsError:
        raise LaunchError(f"{run}: another launch has just taken this folder; choose another --out") from None


def _require_idle(run: Path) -> None:
    if not (run / "config.yaml").is_file():
        raise LaunchError(f"{run}: not a run folder (no config.yaml)")
    load(run / "config.yaml")
    if at_work(run):
        raise LaunchError(f"{run}: a job is at work here already; `gymcc cancel {run}` ends it")
