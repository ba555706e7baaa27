"""Episodes from all runners of an algorithm. The weights travel with the request, so no runner acts on old ones."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, NamedTuple

import ray
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME

from gymcc.agents.rllib.runner import EpisodeRunner
from gymcc.agents.rllib.trajectory import Trajectory


class Sampled(NamedTuple):
    """A runner's answer."""

    episodes: list[Trajectory]
    metrics: dict[str, Any]
    busy: float  # seconds that the runner worked for it,
    parts: dict[str, float]  # and those of them spent on stepping, inference and columns
    steps: int  # environment steps


def steps_sampled(algorithm: Any) -> int:
    """Environment steps of all runners since the training began."""
    return int(algorithm.metrics.peek((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), default=0))


def request(algorithm: Any, steps: int) -> Any:
    """What a runner is to be asked for ``steps`` environment steps at least, with the learner's weights."""
    component = f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}/{DEFAULT_MODULE_ID}"
    state = algorithm.learner_group.get_state(components=[component], inference_only=True)
    weights = state[COMPONENT_LEARNER][COMPONENT_RL_MODULE][DEFAULT_MODULE_ID]
    remote = algorithm.env_runner_group.num_remote_workers() > 0
    return partial(
        _sample, weights=ray.put(weights) if remote else weights, steps=steps, before=steps_sampled(algorithm)
    )


def sample(algorithm: Any, steps: int) -> list[Sampled]:
    """At least ``steps`` environment steps, shared out among the runners that live; their metrics are counted."""
    group = algorithm.env_runner_group
    runners = max(1, group.num_healthy_remote_workers())
    results: list[Sampled] = group.foreach_env_runner(
        request(algorithm, -(-steps // runners)), local_env_runner=group.num_remote_workers() == 0
    )
    for result in results:
        count(algorithm, result)
    return results


def count(algorithm: Any, sampled: Sampled) -> None:
    """Add a runner's metrics to the algorithm's."""
    algorithm.metrics.aggregate([sampled.metrics], key=ENV_RUNNER_RESULTS)


def _sample(runner: EpisodeRunner, weights: Any, steps: int, before: int) -> Sampled:
    start, earlier = time.perf_counter(), dict(runner.seconds)
    runner.module.set_state(ray.get(weights) if isinstance(weights, ray.ObjectRef) else weights)
    episodes = runner.sample(steps=steps, steps_before=before)
    parts = {name: seconds - earlier[name] for name, seconds in runner.seconds.items()}
    played = sum(len(episode.actions) for episode in episodes)
    return Sampled(episodes, runner.get_metrics(), time.perf_counter() - start, parts, played)
