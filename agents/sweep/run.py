"""Running a sweep, and going on with one that was interrupted or killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler

from gymcc.agents.config import Experiment, dump, in_group, load
from gymcc.agents.rllib.session import local_ray, quiet_stderr
from gymcc.agents.sweep.config import Range, Sweep, load_sweep
from gymcc.agents.sweep.results import BEST, Sample, samples
from gymcc.agents.sweep.trial import BASE, FOLDER, METRIC, SPENT, Trial

KEPT, TUNE = "sweep.yaml", "tune"
Tell = Callable[[str], None]


class SweepError(ValueError):
    """A sweep folder that exists where none may, or holds no sweep."""


def run_sweep(sweep: Sweep, experiment: Experiment, folder: Path, parallel: int, tell: Tell) -> list[Sample]:
    """Train ``sweep.samples`` draws in the new ``folder``, ``parallel`` at a time; returns them, best first.

    Ctrl-C stops and raises KeyboardInterrupt; :func:`resume_sweep` goes on. The winner is copied to ``best/``.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SweepError(f"{folder}: exists already; choose another --out, or --resume it")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BASE).write_text(dump(in_group(experiment, folder.name)))
    (folder / KEPT).write_text(yaml.safe_dump({**sweep.model_dump(mode="json", exclude_none=True), "base": BASE}))
    return _fit(sweep, folder, parallel, tell)


def resume_sweep(folder: Path, parallel: int, tell: Tell) -> list[Sample]:
    """Go on with the draws of ``folder`` that are not over."""
    if not (folder / KEPT).is_file():
        raise SweepError(f"{folder}: no sweep (no {KEPT})")
    return _fit(load_sweep(folder / KEPT)[0], folder, parallel, tell)


def _fit(sweep: Sweep, folder: Path, parallel: int, tell: Tell) -> list[Sample]:
    experiment = load(folder / BASE)
    runners = experiment.runners.num_env_runners
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # Tune's own tables would be printed besides ours
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    _Told.tell = tell
    with local_ray(parallel * (runners + 1)), quiet_stderr():
        results = _tuner(sweep, folder, parallel, runners).fit()
    over = sum(bool(result.error or (result.metrics or {}).get("done")) for result in results)
    if over < sweep.samples:
        raise KeyboardInterrupt
    found = samples(folder, sweep)
    for error in results.errors:
        tell(f"a training failed: {str(error).strip().splitlines()[-1][:200]}")
    if found:
        _keep_best(folder, found[0])
    return found


def _tuner(sweep: Sweep, folder: Path, parallel: int, runners: int) -> tune.Tuner:
    needs = tune.PlacementGroupFactory([{"CPU": 1}] * (1 + runners))
    trainable = tune.with_resources(Trial, needs)
    space = {key: _domain(span) for key, span in sweep.ranges.items()} | {FOLDER: str(folder.resolve())}
    stored = folder.resolve() / TUNE
    if (stored / "tuner.pkl").is_file():
        return tune.Tuner.restore(
            str(stored), trainable=trainable, param_space=space, resume_unfinished=True, resume_errored=True
        )
    scheduler = AsyncHyperBandScheduler(
        time_attr=SPENT, max_t=100, grace_period=100 * sweep.halving.first, reduction_factor=sweep.halving.factor
    )
    return tune.Tuner(
        trainable,
        param_space=space,
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="max",
            scheduler=scheduler,
            num_samples=sweep.samples,
            max_concurrent_trials=parallel,
            search_alg=tune.search.BasicVariantGenerator(random_state=sweep.seed, max_concurrent=parallel),
        ),
        run_config=tune.RunConfig(name=TUNE, storage_path=str(folder.resolve()), verbose=0, callbacks=[_Told()]),
    )


class _Told(tune.Callback):
    """Says what each validation came to. Tune keeps callbacks for a restart, so who is told is no part of them."""

    tell: ClassVar[Tell]

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Mapping[str, Any], **info: Any) -> None:
        type(self).tell(f"{trial.trial_id}: {result[SPENT]:.0f} % spent, speed-up {result[METRIC]:.4g} on validation")


def _domain(span: Range) -> Any:
    low, high = span.ends()[0], span.ends()[-1]
    return {
        "choice": lambda: tune.choice(list(span.ends())),
        "uniform": lambda: tune.uniform(low, high),
        "log_uniform": lambda: tune.loguniform(low, high),
        "integer": lambda: tune.randint(low, high + 1),
    }[span.kind]()


def _keep_best(folder: Path, best: Sample) -> None:
    """Copy the winner's config, policy and newest checkpoint to ``best/``, in one step."""
    partial, final = folder / f".{BEST}", folder / BEST
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(best.run, partial, ignore=shutil.ignore_patterns("wandb", "tensorboard", ".lock", "wandb.json"))
    shutil.rmtree(final, ignore_errors=True)
    os.replace(partial, final)
