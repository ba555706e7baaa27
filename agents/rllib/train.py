"""The training loop: iterations of RLlib, rows of metrics, validation, checkpoints, and a clean end at any time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from ray.rllib.algorithms.algorithm import Algorithm
from torch import nn

from gymcc.agents.config import ConfigError, Experiment
from gymcc.agents.policy import Card
from gymcc.agents.rllib import environment
from gymcc.agents.rllib.baselines import baselines
from gymcc.agents.rllib.build import build
from gymcc.agents.rllib.export import TorchScorer, describe, export, load_weights
from gymcc.agents.rllib.folder import RunFolder, RunFolderError
from gymcc.agents.rllib.gate import Gate
from gymcc.agents.rllib.metrics import metrics_row
from gymcc.agents.rllib.nodes import NodeWatch
from gymcc.agents.rllib.recovery import look_rarely
from gymcc.agents.rllib.session import interruptible, local_ray, quiet_stderr
from gymcc.agents.rllib.uploads import UploadRunner
from gymcc.agents.rllib.validation import Validator, run_facts
from gymcc.agents.tracking import Tracker, parse_run
from gymcc.agents.tracking.artifacts import Uploads, fetch_checkpoint
from gymcc.envs.core.env import CompilerEnv

Progress = Callable[[dict[str, Any]], None]


def train(
    config: Experiment | None,
    run_dir: Path,
    *,
    resume: bool = False,
    wandb_run: str | None = None,
    progress: Progress = lambda row: None,
) -> Path:
    """Train as ``config`` says into a new ``run_dir``, or with ``resume`` go on from its newest checkpoint.

    Ctrl-C finishes the iteration, writes a checkpoint and raises KeyboardInterrupt; a second one stops at once. After
    a kill nothing is lost but the iterations since the last checkpoint and, for DQN, the replay buffer.
    ``progress`` is given every row of metrics. ``wandb_run`` (``entity/project/id`` or URL) names the W&B run to go on
    with; with ``resume``, a ``run_dir`` that is not there is fetched from it. Returns ``run_dir``. Raises
    :class:`ConfigError`, :class:`RunFolderError`.

    Resume only your own run folders: RLlib's checkpoints are pickles.
    """
    with opened(config, run_dir, resume=resume, wandb_run=wandb_run, progress=progress) as training:
        training.loop()
    return run_dir


@contextmanager
def opened(
    config: Experiment | None,
    run_dir: Path,
    *,
    resume: bool = False,
    wandb_run: str | None = None,
    progress: Progress = lambda row: None,
) -> Iterator[Training]:
    """A training ready to iterate, for who drives it otherwise than :func:`train`, which says what is meant."""
    tracked = parse_run(wandb_run) if wandb_run else {}
    if resume and tracked and not run_dir.exists():
        fetch_checkpoint(tracked, run_dir)
    folder = RunFolder.open(run_dir) if resume else RunFolder.require_free(run_dir)
    experiment = folder.experiment() if folder else config
    if experiment is None:
        raise ConfigError("a new run needs a config")
    with ExitStack() as stack:
        if folder:
            stack.enter_context(folder.locked())
        yield _open(stack, experiment, run_dir, folder, tracked, progress)


def _open(
    stack: ExitStack,
    experiment: Experiment,
    run_dir: Path,
    folder: RunFolder | None,
    tracked: dict[str, str],
    progress: Progress,
) -> Training:
    """A training in ``folder``, or in a new one that ``stack`` then keeps locked; ``stack`` ends it."""
    env = environment.plain(experiment.env.id, environment.training_options(experiment))
    validator = Validator(experiment)
    checkpoint = folder.latest() if folder else None
    state = RunFolder(checkpoint).read_json("state.json") if checkpoint else {}
    settings = build(experiment, env, experiment.seed + state.get("iteration", 0))
    stack.enter_context(local_ray(experiment.runners.num_env_runners))
    torch.set_num_threads(experiment.runners.learner_threads)
    with quiet_stderr():
        algorithm = settings.build_algo()
    stack.callback(algorithm.stop)
    look_rarely(algorithm)
    _prepare(algorithm, experiment, checkpoint)
    new = folder is None
    if folder is None:
        folder = RunFolder.create(run_dir, experiment, run_facts(experiment, env, validator))
        stack.enter_context(folder.locked())
    elif not folder.read_json("run.json"):  # prepared by a launch
        folder.write_json("run.json", run_facts(experiment, env, validator))
    facts = {**folder.read_json("run.json"), **experiment.model_dump(mode="json")}
    folder.forget_after(state.get("iteration", 0))
    try:
        tracker = Tracker(experiment.logger, run_dir, facts, tracked, list(folder.rows()))
    except ConfigError:  # W&B rejects the key
        if new:
            shutil.rmtree(run_dir)
        raise
    stack.callback(tracker.finish)
    return Training(experiment, folder, algorithm, env, validator, tracker, progress, state)


class Training:
    """A training in progress."""

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        algorithm: Algorithm,
        env: CompilerEnv[Any],
        validator: Validator,
        tracker: Tracker,
        progress: Progress,
        state: dict[str, Any],
    ) -> None:
        self.experiment, self.folder, self.algorithm, self.env = experiment, folder, algorithm, env
        self.validator, self.tracker, self.progress = validator, tracker, progress
        self.uploads = Uploads(tracker, folder.path)
        self.gate = Gate.of(experiment, validator)
        self.iteration, self.env_steps = state.get("iteration", 0), state.get("env_steps", 0)
        self.saved = self.iteration  # the newest iteration that a checkpoint holds
        self.seconds_before = state.get("seconds", 0.0)
        self.start = time.monotonic()
        self.nodes = NodeWatch(folder, measured=not env.problem.deterministic)
        self.validation: dict[str, Any] = state.get("validation", {})
        self.best = folder.read_json("policy.json").get("validation", {}).get("speedup", 0.0)

    @property
    def seconds(self) -> float:
        """Spent on training so far, over all resumptions."""
        return self.seconds_before + time.monotonic() - self.start

    @property
    def net(self) -> nn.Module:
        """The network being trained."""
        net: nn.Module = learner_module(self.algorithm).net
        return net

    def loop(self) -> None:
        """Iterate until the budget is spent, or until somebody interrupts: then checkpoint and raise that on."""
        with interruptible() as interrupted:
            while not self.over() and not interrupted.is_set():
                self.iterate()
        self.close()
        if self.share() < 1 and (reason := self._quiet()):
            self.progress({"ended": reason})
        if interrupted.is_set():
            raise KeyboardInterrupt

    def share(self) -> float:
        """How much of the budget is spent; 1: all."""
        return self.experiment.budget.share(self.env_steps, self.seconds)

    def over(self) -> bool:
        """Whether the budget is spent, or workers have uploaded nothing for too long."""
        return self.share() >= 1 or self._quiet() is not None

    def _quiet(self) -> str | None:
        runner = self.algorithm.env_runner
        return runner.stream.ended() if isinstance(runner, UploadRunner) else None

    def _set_rate(self) -> None:
        algorithm = self.experiment.algorithm
        end = algorithm.lr if algorithm.lr_end is None else algorithm.lr_end
        learner(self.algorithm).set_rate(algorithm.lr + (end - algorithm.lr) * self.share())

    def close(self) -> None:
        """Keep what no checkpoint holds yet, and send the policy and the newest checkpoint where runs are sent."""
        if self.saved < self.iteration:
            self._checkpoint()
        self.uploads.offer(self.folder.latest(), self.validation, final=True)

    def iterate(self) -> dict[str, Any]:
        """One iteration, with validation and a checkpoint where they are due; returns its row of metrics."""
        before, begun = self.env_steps, time.monotonic()
        self._set_rate()
        result = self.algorithm.train()
        self.iteration += 1
        row = metrics_row(result)
        self.env_steps = row["env_steps"]
        row["iteration"] = self.iteration
        row["steps_per_s"] = (self.env_steps - before) / (time.monotonic() - begun)
        algorithm = self.experiment.algorithm
        if algorithm.name == "dqn":
            row["epsilon"] = algorithm.epsilon.at(self.env_steps)
        if self.iteration % self.experiment.validation.every == 0 or self.over():
            self._validate()
            row["validation_speedup"] = self.validation["speedup"]
            row["validation_slower"] = self.validation["slower"]
            row |= self._baselines()
        if self.gate is not None and self.gate.version is not None:
            row["published"] = self.gate.version
        row |= self._left_out() | self.nodes.look(self.algorithm.env_runner_group)
        row["seconds"] = self.seconds
        self.folder.log(row)
        self.tracker.row(row)
        self.progress(row)
        if self.iteration % self.experiment.checkpoint.every == 0:
            self._checkpoint()
        return row

    def _left_out(self) -> dict[str, int]:
        """How many instances the back end has failed on, in any process."""
        group = self.algorithm.env_runner_group
        told = group.foreach_env_runner(_failures, local_env_runner=group.num_remote_workers() == 0)
        return self.folder.leave_out(self.env.problem.failures(), self.validator.env.problem.failures(), *told)

    def _baselines(self) -> dict[str, float]:
        """What the validation's speed-up is held against; asked once in the life of a run."""
        facts = self.folder.read_json("run.json")
        if "baselines" not in facts:
            facts["baselines"] = baselines(self.validator.env.problem, self.validator.instances)
            self.folder.write_json("run.json", facts)
        return {f"validation_{name}": speedup for name, speedup in facts["baselines"].items()}

    def _validate(self) -> None:
        self.validation = self.validator(TorchScorer(self.net))
        if self.validation["speedup"] > self.best:
            self.best = self.validation["speedup"]
            export(self.net, self._card(), self.folder.path)
            if self.gate is not None:
                self.gate.offer(self.folder.path, self.best)

    def _card(self) -> Card:
        return describe(self.experiment, self.env, self.env_steps, self.validation)

    def _checkpoint(self) -> None:
        path = self.folder.publish(self.iteration, self._write_checkpoint, self.experiment.checkpoint.keep)
        self.saved = self.iteration
        self.uploads.offer(path, self.validation)

    def _write_checkpoint(self, path: Path) -> None:
        self.algorithm.save_to_path(str(path.resolve()))
        export(self.net, self._card(), path)
        state = {
            "iteration": self.iteration,
            "env_steps": self.env_steps,
            "seconds": self.seconds,
            "validation": self.validation,
            "best": self.best,
        }
        RunFolder(path).write_json("state.json", state)


def _failures(runner: Any) -> dict[str, str]:
    """What a runner's environments cannot use."""
    failures: dict[str, str] = runner.env.unwrapped.envs[0].unwrapped.problem.failures()
    return failures


def learner(algorithm: Algorithm) -> Any:
    """The learner in this process."""
    return algorithm.learner_group._learner


def learner_module(algorithm: Algorithm) -> Any:
    """The module whose weights are being trained."""
    return learner(algorithm).module["default_policy"]


def restore(algorithm: Algorithm, checkpoint: Path) -> None:
    """Load RLlib's state, and make sure that every runner has the weights.

    Without waiting for remote runners first, Ray 2.60 often leaves one on its initial weights.
    """
    group = algorithm.env_runner_group
    group.foreach_env_runner(lambda runner: None)
    try:
        algorithm.restore_from_path(str(checkpoint.resolve()))
    except Exception as error:  # unpickling raises anything
        older = RunFolder(checkpoint.parents[1]).latest(before=checkpoint)
        hint = f"; delete it to go on from {older.name}" if older else ""
        raise RunFolderError(f"{checkpoint}: cannot restore this checkpoint{hint}: {error!r}"[:300]) from error
    wanted = weight_sum(learner_module(algorithm))
    sums = group.foreach_env_runner(lambda runner: weight_sum(runner.module), local_env_runner=False)
    if any(abs(found - wanted) > 1e-6 * abs(wanted) for found in sums):
        raise RuntimeError(f"runners did not take over the checkpoint's weights: {sums} instead of {wanted}")


def weight_sum(module: Any) -> float:
    """A fingerprint of a module's network: the sum of the sizes of its weights."""
    return float(sum(parameter.detach().double().abs().sum() for parameter in module.net.parameters()))


def _prepare(algorithm: Algorithm, experiment: Experiment, checkpoint: Path | None) -> None:
    if checkpoint is not None:
        restore(algorithm, checkpoint)
        return
    if experiment.init_from is not None:
        module = learner_module(algorithm)
        load_weights(module.net, experiment.init_from)
        if hasattr(module, "_target_net"):
            module._target_net.load_state_dict(module.net.state_dict())
        group = algorithm.env_runner_group
        group.foreach_env_runner(lambda runner: None)
        group.sync_weights(
            from_worker_or_learner_group=algorithm.learner_group, timeout_seconds=60, inference_only=True
        )


__all__ = ["ConfigError", "RunFolderError", "restore", "train"]
