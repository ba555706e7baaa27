"""How fast an experiment trains with so many runners, and what its time is spent on."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from gymcc.agents.config import IMPALA, Experiment, parse
from gymcc.agents.rllib import environment
from gymcc.agents.rllib.build import build
from gymcc.agents.rllib.clock import Clock
from gymcc.agents.rllib.sampling import request, sample, steps_sampled
from gymcc.agents.rllib.session import local_ray, quiet_stderr

WORK = ("stepping", "inference", "columns")


@dataclass(frozen=True, slots=True)
class Measurement:
    """A training's last seconds."""

    runners: int
    steps: int
    seconds: float  # wall
    clock: Clock
    load: float  # of the machine meanwhile: processes that want a core
    waits: bool  # runners and learner take turns
    send: float  # seconds to prepare a round of requests
    receive: float  # seconds for an empty answer to come and to be counted

    @property
    def steps_per_s(self) -> float:
        """Environment steps a second, updates included."""
        return self.steps / self.seconds

    def parts(self) -> dict[str, float]:
        """Seconds by what this process did or waited for: they add up to the whole.

        ``stepping`` the environments, ``inference`` and ``columns`` are what runners did meanwhile, averaged over those
        that worked together; ``waiting`` is what the slowest of them took longer, ``transfer`` what else passed before
        the episodes were here, ``other`` RLlib's bookkeeping between iterations. Where runners and learner do not take
        turns, all the time until there was a batch is ``waiting``.
        """
        sampling, learner = sum(self.clock.samplings), sum(seconds for _, seconds in self.clock.updates)
        work, slowest = self._work() if self.waits else (dict.fromkeys(WORK, 0.0), sampling)
        return {
            **work,
            "waiting": slowest,
            "transfer": sampling - sum(work.values()) - slowest,
            "learner": learner,
            "other": self.seconds - sampling - learner,
        }

    def _work(self) -> tuple[dict[str, float], float]:
        """Of runners that worked together, the average, and what the slowest took longer, summed over the rounds."""
        work, slowest = dict.fromkeys(WORK, 0.0), 0.0
        for answers in self.clock.rounds:
            mean = sum(answer.busy for answer in answers) / len(answers)
            slowest += max(answer.busy for answer in answers) - mean
            for name in ("stepping", "inference"):
                part = sum(answer.parts[name] for answer in answers) / len(answers)
                work[name] += part
                mean -= part
            work["columns"] += mean
        return work, slowest

    def busy(self) -> float:
        """Share of the time that a runner worked, on average."""
        worked = sum(answer.busy for answers in self.clock.rounds for answer in answers)
        return worked / (self.seconds * max(1, self.runners))


def measure(experiment: Experiment, runners: int, seconds: float, warm_up: float) -> Measurement:
    """Train for ``seconds`` after ``warm_up`` seconds that are not counted, without validation or checkpoints."""
    body = experiment.model_dump(mode="json")
    experiment = parse({**body, "runners": {**body["runners"], "num_env_runners": runners}})
    env = environment.plain(experiment.env.id, environment.training_options(experiment))
    with local_ray(runners):
        torch.set_num_threads(experiment.runners.learner_threads)
        with quiet_stderr():
            algorithm = build(experiment, env, experiment.seed).build_algo()
        try:
            _train(algorithm, warm_up)
            send, receive = _latencies(algorithm)
            algorithm.clock = Clock()
            before, load = steps_sampled(algorithm), os.getloadavg()[0]
            passed = _train(algorithm, seconds)
            steps = steps_sampled(algorithm) - before
            load = (load + os.getloadavg()[0]) / 2
            waits = runners == 0 or not isinstance(experiment.algorithm, IMPALA)
            return Measurement(runners, steps, passed, algorithm.clock, load, waits, send, receive)
        finally:
            algorithm.stop()


def _train(algorithm: Any, seconds: float) -> float:
    """Whole iterations until so many seconds have passed, one at least; the seconds."""
    start = time.perf_counter()
    while True:
        algorithm.train()
        if (passed := time.perf_counter() - start) >= seconds:
            return passed


def _latencies(algorithm: Any) -> tuple[float, float]:
    """Medians of what a round of requests costs and what each answer does, whatever it holds."""
    sends, receives = [], []
    for _ in range(10):
        start = time.perf_counter()
        request(algorithm, 0)
        sent = time.perf_counter()
        answers = sample(algorithm, 0)
        passed = time.perf_counter() - sent - max(answer.busy for answer in answers)
        sends.append(sent - start)
        receives.append(max(0.0, passed - sends[-1]) / len(answers))
    return median(sends), median(receives)
