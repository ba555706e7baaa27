"""Greedy roll-outs on held-out instances while training."""

from __future__ import annotations

import platform
from importlib.metadata import version
from math import exp, log
from random import Random
from typing import Any

import gymcc
from gymcc.agents.config import Experiment
from gymcc.agents.policy import Scorer, rollouts
from gymcc.agents.rllib.environment import instance_facts, plain, validation_options
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.problem import BackendError

PACKAGES = ("torch", "ray", "gymnasium", "numpy", "onnxruntime", "wandb")


class Validator:
    """The same instances every time, drawn from the validation split with the experiment's seed."""

    def __init__(self, experiment: Experiment) -> None:
        self.options = validation_options(experiment)
        self.env = plain(experiment.env.id, self.options)
        self.observation = self.options.get("observation", "default")
        known = list(self.env.instances)
        Random(experiment.seed).shuffle(known)
        self.instances = known[: experiment.validation.instances]
        self.split = experiment.validation.split

    def __call__(self, scorer: Scorer) -> dict[str, Any]:
        """Geometric mean of the speed-up of the final state over the start, with what it was measured on."""
        decisions = rollouts(scorer, self.env, self.observation, self.instances)
        gains = [self._gain(i, actions) for i, actions in zip(self.instances, decisions, strict=True)]
        return {
            "split": self.split,
            "instances": len(gains),
            "speedup": exp(sum(gains) / len(gains)),
            "slower": sum(gain < -0.01 for gain in gains) / len(gains),
            **self.env.problem.versions(),
        }

    def _gain(self, instance: str, actions: list[int]) -> float:
        """Natural logarithm of the speed-up; a state whose cost cannot be had counts as no gain."""
        problem = self.env.problem
        start = state = problem.initial(instance)
        for action in actions:
            state = problem.apply(state, action)
        try:
            return log(problem.cost(start) / problem.cost(state))
        except BackendError:
            return 0.0


def run_facts(experiment: Experiment, env: CompilerEnv[Any], validator: Validator) -> dict[str, Any]:
    """What ``run.json`` says; the checksums are of the instance ids in order, to detect contamination."""
    return {
        "gymcc": gymcc.__version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "machine": fingerprint(),
        "seed": experiment.seed,
        "problem": env.problem.versions(),
        "trained_on": instance_facts(env, experiment.env.split),
        "validated_on": instance_facts(validator.env, validator.split),
    }
