"""Learned policies for JIT CSE over several splits: ``gymcc jitcse learning CONFIG FOLDER``.

For each split seed a policy is trained by the config, unless ``FOLDER/split-<seed>`` holds one, and rolled out on the
test methods of that split, of the dataset that the config validates on. A row says how its PerfScore compares with the
stock heuristic's (geometric mean of the ratios with its 95 % interval, below 1 is better), on how many methods it is
better, the same and worse, and which share of the head-room to the best known sets it captures. ``linear`` is RyuJIT's
learned policy, ``best`` the best known sets.

Training starts from the policies of ``start``, a folder made in this way, split by split; the config's ``init_from`` is
left aside, since a policy of one split has seen test methods of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from pathlib import Path
from typing import Any

from gymcc.agents.config import Cloning, Experiment, load
from gymcc.agents.policy import Policy, rollouts
from gymcc.benchmarks.statistics import bootstrap_interval, geometric_mean
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.making import make_bare
from gymcc.envs.jitcse.compilers import LocalCompiler
from gymcc.envs.jitcse.policies import linear
from gymcc.envs.jitcse.problem import JitCse
from gymcc.envs.jitcse.state import CseState

SPLITS = 5  # their seeds count from 0
EQUAL = 1e-9  # relative difference up to which two PerfScores are the same


def repeated(config: Path, folder: Path, start: Path | None = None, splits: int = SPLITS) -> Iterator[dict[str, Any]]:
    """Train what is missing; a row per split and policy, then all splits together."""
    pooled: dict[str, list[tuple[float, float, float]]] = {}
    experiment = load(config)
    for seed in range(splits):
        policy = Policy.load(trained(experiment, folder / _name(seed), seed, start and start / _name(seed)))
        env = make_bare(policy.card.env, {**policy.card.options, **experiment.validation.options, "split": "test"})
        for name, costs in compared(policy, env).items():
            pooled.setdefault(name, []).extend(costs)
            yield {"split_seed": str(seed), "policy": name, **row(costs)}
    for name, costs in pooled.items():
        yield {"split_seed": "all", "policy": name, **row(costs)}


def _name(seed: int) -> str:
    return f"split-{seed}"


def trained(experiment: Experiment, run: Path, seed: int, start: Path | None = None) -> Path:
    """The run of a split, trained now if it is not there; it is given the split's seed for everything."""
    if not (run / "policy.onnx").is_file():
        options = {**experiment.env.options, "split_seed": seed}
        env = experiment.env.model_copy(update={"options": options})
        own = experiment.model_copy(update={"env": env, "seed": seed, "init_from": start and str(start)})
        if isinstance(own.algorithm, Cloning):
            from gymcc.agents.cloning import clone

            clone(own, run, lambda row: None)
        else:
            from gymcc.agents.rllib.train import train

            train(own, run)
    return run


def compared(policy: Policy, env: CompilerEnv[CseState]) -> dict[str, list[tuple[float, float, float]]]:
    """For the learned policy, RyuJIT's linear one and no CSE: (cost, heuristic's cost, best known cost) by method."""
    problem = env.problem
    assert isinstance(problem, JitCse)
    facts = [problem.facts(instance) for instance in env.instances]
    known = [(float(each["heuristic_cost"]), float(each["best_known_cost"])) for each in facts]
    learned = [_final(problem, i, a) for i, a in _decided(policy, env)]
    found = {"learned": learned, "none": [float(each["none_cost"]) for each in facts]}
    if isinstance(compiler := problem.compiler, LocalCompiler):
        chosen = [linear(compiler.analysis(instance), machine=compiler.machine) for instance in env.instances]
        found["linear"] = [problem.cost(CseState(i, c)) for i, c in zip(env.instances, chosen, strict=True)]
    found["best"] = [best for _, best in known]
    return {name: [(c, h, b) for c, (h, b) in zip(costs, known, strict=True)] for name, costs in found.items()}


def _decided(policy: Policy, env: CompilerEnv[CseState]) -> list[tuple[str, list[int]]]:
    actions = rollouts(policy, env, policy.card.observation, env.instances)
    return list(zip(env.instances, actions, strict=True))


def _final(problem: JitCse, instance: str, actions: Sequence[int]) -> float:
    state = problem.initial(instance)
    for action in actions:
        state = problem.apply(state, action)
    return problem.cost(state)


def row(costs: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """The figures of one policy over methods."""
    ratios = [cost / heuristic for cost, heuristic, _ in costs]
    interval = bootstrap_interval(ratios, "geomean")
    room = sum(log(heuristic / best) for _, heuristic, best in costs)
    return {
        "methods": len(costs),
        "vs_heuristic": geometric_mean(ratios),
        "low": interval.low,
        "high": interval.high,
        "better": sum(ratio < 1 - EQUAL for ratio in ratios),
        "same": sum(abs(ratio - 1) <= EQUAL for ratio in ratios),
        "worse": sum(ratio > 1 + EQUAL for ratio in ratios),
        "head_room_captured": -sum(map(log, ratios)) / room if room else None,
    }
