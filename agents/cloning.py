"""Behavioural cloning: a network learns decisions by example, with torch alone: a teacher's, or uploaded ones.

The result is a run folder like any other: a policy to evaluate, or for ``init_from`` to start DQN or PPO with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import log, prod
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gymcc.agents.config import Cloning, ConfigError, Experiment
from gymcc.agents.demonstrations import Demonstrations
from gymcc.agents.rllib import environment
from gymcc.agents.rllib.export import TorchScorer, describe, export, load_weights
from gymcc.agents.rllib.folder import RunFolder
from gymcc.agents.rllib.gate import Gate
from gymcc.agents.rllib.networks import ENCODERS, ILLEGAL
from gymcc.agents.rllib.validation import Validator, run_facts
from gymcc.agents.tracking import Tracker
from gymcc.envs.core.choices import choose
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.problem import BackendError, Problem

Decisions = Sequence[int]


class Examples(NamedTuple):
    """States on the teacher's way and which actions are right there."""

    observations: Tensor  # (N, D) float32
    masks: Tensor  # (N, A) float32
    right: Tensor  # (N, A) float32
    weights: Tensor = torch.ones(1)  # (N, A) float32, how much each question counts where decisions are a set


def clone(experiment: Experiment, run_dir: Path, progress: Callable[[dict[str, Any]], None]) -> Path:
    """Train as ``experiment`` says into a new ``run_dir`` and return it.

    With ``data``, the examples are the best episodes that workers upload, looked for before every iteration; better
    policies are published, and the training also ends where nothing is uploaded any more. Rows of metrics count the
    examples that the network was shown as ``env_steps``. An interrupted run leaves its best policy; it takes minutes
    and is not resumed. Raises :class:`ConfigError`, :class:`RunFolderError`.
    """
    RunFolder.require_free(run_dir)
    env = environment.plain(experiment.env.id, environment.training_options(experiment))
    validator = Validator(experiment)
    folder = RunFolder.create(run_dir, experiment, run_facts(experiment, env, validator))
    tracker = Tracker(experiment.logger, run_dir, experiment.model_dump(mode="json"))
    try:
        _Lesson(experiment, env, validator, folder, tracker, progress).take()
    finally:
        tracker.finish()
    return run_dir


class _Lesson:
    """A training in progress; an iteration ends when ``budget.iteration_steps`` examples have been seen."""

    def __init__(
        self,
        experiment: Experiment,
        env: CompilerEnv[Any],
        validator: Validator,
        folder: RunFolder,
        tracker: Tracker,
        progress: Callable[[dict[str, Any]], None],
    ) -> None:
        assert isinstance(experiment.algorithm, Cloning)
        self.experiment, self.settings = experiment, experiment.algorithm
        self.env, self.validator, self.folder, self.tracker = env, validator, folder, tracker
        self.progress = progress
        torch.manual_seed(experiment.seed)
        torch.set_num_threads(experiment.runners.learner_threads)
        shape, actions = env.observation_space.shape, env.problem.n_actions
        if shape is None:
            raise ConfigError(f"env.options.observation: imitation needs one array, {experiment.env.id} gives several")
        inputs, network = prod(shape), experiment.network
        self.gate, self.uploaded = Gate.of(experiment, validator), None
        if experiment.data is None:
            self.examples = examples(env, experiment)
        else:
            self.uploaded = Demonstrations(experiment.data, inputs, actions, env.problem.unordered)
        self.net: nn.Module = ENCODERS[network.encoder](inputs, actions, network.layers, dueling=False)
        if experiment.init_from is not None:
            load_weights(self.net, experiment.init_from)
        rate, decay = self.settings.lr, self.settings.weight_decay
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=rate, weight_decay=decay)
        self.seen, self.best, self.start = 0, 0.0, time.monotonic()

    def take(self) -> None:
        """Learn until the budget is spent, or nothing is uploaded any more."""
        iteration = 0
        while self._share() < 1 and self._taught():
            iteration += 1
            loss = self._iterate()
            row = {"iteration": iteration, "env_steps": self.seen, "loss": loss, **self._uploads()}
            if iteration % self.experiment.validation.every == 0 or self._share() >= 1 or self._quiet():
                row |= self._validate()
            row |= self.folder.leave_out(self.env.problem.failures(), self.validator.env.problem.failures())
            row["seconds"] = time.monotonic() - self.start
            self.folder.log(row)
            self.tracker.row(row)
            self.progress(row)

    def _taught(self) -> bool:
        """Take in what was uploaded, waiting for the first of it; False once nothing more is to be expected."""
        while self.uploaded is not None and self._share() < 1:
            if self.uploaded.look():
                parts = self.uploaded.parts()
                self.examples = Examples(*parts, weights=torch.ones_like(parts[1]))
            if reason := self._quiet():
                self.progress({"ended": reason})
                return False
            if len(self.uploaded):
                break
        return self._share() < 1

    def _quiet(self) -> str | None:
        return None if self.uploaded is None else self.uploaded.stream.ended()

    def _uploads(self) -> dict[str, int]:
        """For a row of metrics: what came from workers so far."""
        if self.uploaded is None:
            return {}
        return {
            "episodes": self.uploaded.episodes,
            "starts": len(self.uploaded),
            "refused": self.uploaded.stream.refused,
        }

    def _share(self) -> float:
        return self.experiment.budget.share(self.seen, time.monotonic() - self.start)

    def _iterate(self) -> float:
        losses, until = [], self.seen + self.experiment.budget.iteration_steps
        end = self.settings.lr if self.settings.lr_end is None else self.settings.lr_end
        while self.seen < until:
            for group in self.optimizer.param_groups:
                group["lr"] = self.settings.lr + (end - self.settings.lr) * min(1.0, self._share())
            rows = torch.randint(len(self.examples.masks), (self.settings.batch_size,))
            batch = Examples(*(part[rows] for part in self.examples))
            scores, _ = self.net(batch.observations, batch.masks)
            loss = imitation_loss(scores, batch, self.env.problem.unordered)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
            self.seen += len(rows)
        return float(np.mean(losses))

    def _validate(self) -> dict[str, float]:
        found = self.validator(TorchScorer(self.net))
        if found["speedup"] > self.best:
            self.best = found["speedup"]
            export(self.net, describe(self.experiment, self.env, self.seen, found), self.folder.path)
            if self.gate is not None:
                self.gate.offer(self.folder.path, self.best)
        published = {} if self.gate is None or self.gate.version is None else {"published": self.gate.version}
        return {"validation_speedup": found["speedup"], "validation_slower": found["slower"], **published}


def imitation_loss(scores: Tensor, batch: Examples, unordered: bool) -> Tensor:
    """How far the scores (B, A) are from preferring the right actions.

    Cross-entropy over the legal actions where one is right. Where the decisions are a set, each candidate is a question
    of its own, whether it scores above stopping (the last action): all that are right still are later on. They count by
    their weights.
    """
    if unordered:
        margins, asked = scores[:, :-1] - scores[:, -1:], (batch.masks * batch.weights)[:, :-1]
        each = functional.binary_cross_entropy_with_logits(margins, batch.right[:, :-1], reduction="none")
        return (each * asked).sum() / asked.sum().clamp(min=1)
    logits = torch.where(batch.masks > 0.5, scores, torch.full_like(scores, ILLEGAL))
    return functional.cross_entropy(logits, batch.right)


def examples(env: CompilerEnv[Any], experiment: Experiment) -> Examples:
    """States on the teacher's way through each training instance; raises :class:`ConfigError` if it has none."""
    assert isinstance(experiment.algorithm, Cloning)
    problem, teacher, random = env.problem, experiment.algorithm.teacher, Random(experiment.seed)
    name = str(experiment.env.options.get("observation", "default"))
    observe = choose(env.observations, name, "observation")
    rows: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for instance in env.instances:
        with suppress(BackendError):  # a live compiler may fail on a method: the others teach
            decisions = problem.heuristic(instance) if teacher == "heuristic" else problem.solution(instance)
            if not decisions:
                continue
            at_stake = _at_stake(problem, instance, decisions) if experiment.algorithm.stakes else _none(problem)
            for _ in range(experiment.algorithm.states):
                taken, right = _drawn(problem, decisions, random)
                episode = _after(env, instance, taken)
                seen, legal = observe(episode).ravel(), problem.legal(episode.state)
                parts = (seen, legal, _marked(right, problem.n_actions), at_stake)
                rows.append(tuple(torch.from_numpy(part).float() for part in parts))  # type: ignore[arg-type]
    if not rows:
        raise ConfigError(f"algorithm.teacher: no {teacher} is known of the instances of {experiment.env.id}")
    observations, masks, right_actions, stakes = map(torch.stack, zip(*rows, strict=True))
    return Examples(observations, masks, right_actions, _weights(masks, stakes, experiment.algorithm.stakes))


def _none(problem: Problem[Any]) -> NDArray[np.float32]:
    return np.zeros(problem.n_actions, np.float32)


def _at_stake(problem: Problem[Any], instance: str, decisions: Decisions) -> NDArray[np.float32]:
    """Per action the logarithm of how many times more it costs to decide otherwise on it and as shown on the rest."""
    found = _none(problem)
    if not problem.unordered:
        return found
    shown, stop = frozenset(decisions[:-1]), decisions[-1]
    best = problem.cost(_decided(problem, instance, [*sorted(shown), stop]))
    for action in np.flatnonzero(problem.legal(problem.initial(instance))[:-1]).tolist():
        other = problem.cost(_decided(problem, instance, [*sorted(shown ^ {action}), stop]))
        found[action] = max(0.0, log(other / best))
    return found


def _decided(problem: Problem[Any], instance: str, decisions: Decisions) -> Any:
    state = problem.initial(instance)
    for action in decisions:
        state = problem.apply(state, action)
    return state


def _weights(masks: Tensor, at_stake: Tensor, stakes: float) -> Tensor:
    """Weights (N, A) of 1 on average over the legal actions, ``stakes`` of it in proportion to what is at stake."""
    asked = masks[:, :-1].sum()
    mean = (at_stake * masks)[:, :-1].sum() / asked.clamp(min=1)
    return (1 - stakes) + stakes * at_stake / mean if mean > 0 else torch.ones_like(masks)


def _drawn(problem: Problem[Any], decisions: Decisions, random: Random) -> tuple[Decisions, Decisions]:
    """Some of the decisions as taken, and those that are right after them."""
    if not problem.unordered:
        at = random.randrange(len(decisions))
        return decisions[:at], decisions[at : at + 1]
    kept, stop = list(decisions[:-1]), decisions[-1:]
    random.shuffle(kept)
    at = random.choice((0, random.randint(0, len(kept))))  # half of the time nothing yet, where most is decided
    return kept[:at], kept[at:] or stop


def _after(env: CompilerEnv[Any], instance: str, actions: Decisions) -> Episode[Any]:
    episode = Episode(instance, env.problem.initial(instance), env.max_steps)
    for action in actions:
        episode = episode.moved(action, env.problem.apply(episode.state, action))
    return episode


def _marked(actions: Decisions, n_actions: int) -> NDArray[np.float32]:
    marks = np.zeros(n_actions, np.float32)
    marks[list(actions)] = 1
    return marks
