"""How well the `model` back end ranks loop nests, against the `native` one on this machine.

`gymcc bench fidelity` prints its table.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gymcc.benchmarks.statistics import spearman
from gymcc.envs.looptune.backends import make
from gymcc.envs.looptune.backends.listing import listing
from gymcc.envs.looptune.backends.model import predict
from gymcc.envs.looptune.backends.native import compile_nest, measure
from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.problem import LoopTune
from gymcc.envs.looptune.state import Nest

INSTANCES = ("m96_n96_k96", "m128_n128_k128", "m160_n160_k160", "m192_n192_k192", "m256_n256_k256", "m112_n80_k224")
PASSES = 4  # readings of every nest, each pass over all nests, so that a disturbance meets few of one nest
TOP = 5
CLEAR = 1.05

Row = dict[str, str | int | float]


def bench(instances: Sequence[str] = INSTANCES, nests: int = 200, seed: int = 0) -> list[Row]:
    """One row per instance and action set.

    ``spearman`` is the rank correlation of predicted with measured seconds, ``repeat`` that of one half of the
    readings with the other (what a perfect model could reach; low where many nests are equally fast), ``ordered`` the
    share of pairs more than 5 % apart that the model puts in order, ``top5_regret`` the best measured time among the
    model's 5 favourites over the best of all nests. Raises UnsupportedCPU.
    """
    return [_row(instance, actions, nests, seed) for instance in instances for actions in ("looptune", "extended")]


def _row(instance: str, actions: str, count: int, seed: int) -> Row:
    target = make("native").target
    nests = random_nests(instance, actions, target, count, random.Random(f"{instance} {actions} {seed}"))
    predicted = np.array([predict(nest, target).seconds for nest in nests])
    readings = _readings(nests, target)
    seconds = readings.min(axis=0)
    favourites = np.argsort(predicted, kind="stable")[:TOP]
    return {
        "instance": instance,
        "actions": actions,
        "nests": len(nests),
        "spearman": round(spearman(predicted, seconds), 3),
        "ordered": round(ordered(predicted, seconds), 3),
        "repeat": round(spearman(readings[::2].min(axis=0), readings[1::2].min(axis=0)), 3),
        "top5_regret": round(float(seconds[favourites].min() / seconds.min()), 3),
    }


def random_nests(instance: str, actions: str, target: Target, count: int, rng: random.Random) -> list[Nest]:
    """Nests with different code, each after up to ten uniformly drawn legal actions; fewer if they are hard to find."""
    problem = LoopTune(make("model", target.name), actions)
    found: dict[object, Nest] = {}
    for _ in range(20 * count):
        state = problem.initial(instance)
        for _ in range(rng.randint(4, problem.max_steps)):
            legal = np.flatnonzero(problem.legal(state)).tolist()
            state = problem.apply(state, rng.choice(legal)) if legal else state
        found.setdefault(listing(state.nest, target), state.nest)
        if len(found) == count:
            break
    return list(found.values())


def _readings(nests: Sequence[Nest], target: Target) -> NDArray[np.float64]:
    """Measured seconds, ``(passes, nests)``; a disturbed reading counts with its raw time, the larger one."""
    kernels = [compile_nest(nest, target) for nest in nests]

    def seconds(index: int) -> float:
        reading = measure(kernels[index])
        return reading.seconds if reading.quiet else reading.raw_seconds

    return np.array([[seconds(index) for index in range(len(nests))] for _ in range(PASSES)])


def ordered(predicted: NDArray[np.float64], seconds: NDArray[np.float64]) -> float:
    """Share of the pairs whose times differ by more than ``CLEAR`` that are predicted in the same order."""
    clear = seconds[:, None] > CLEAR * seconds
    return float((predicted[:, None] > predicted)[clear].mean())
