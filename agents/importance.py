"""Which features a policy decides by: permutation importance along its own roll-outs (Breiman, "Random Forests", 2001).

A feature's values are replaced by ones drawn from all that the policy met, which keeps their distribution and takes
away what they say about the state. What each number of an observation is, the observation says itself by an attribute
``names``: rows of names that, laid end to end, name its numbers one by one.

- Numbers of one name in a row are one feature, a one-hot for example, and are replaced together.
- Rows with the same names hold like things, candidates or loops: a feature is the same in all of them, and its values
  are drawn from all of them. A row of zeros stands for nothing and stays as it is.
- Numbers without a name, ``""``, are left alone.

A decision is which action is the best in a state. Where decisions are a set, their order says nothing: there a decision
is whether a legal candidate is better than stopping, the last action.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.policy import Policy, Scorer, Scores, rollouts
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import BackendError

MAX_INSTANCES = 200
MAX_STATES = 1000
TOP = 20
Floats = NDArray[np.float32]
Names = Sequence[Sequence[str]]


class Importance(NamedTuple):
    """What a policy makes of its decisions without one feature."""

    name: str
    changed: float  # share of its decisions that become others
    cost_ratio: float | None  # geometric mean of last costs, without / with the feature; None where costs are measured


@dataclass(frozen=True, slots=True)
class Study:
    """The features that matter, the most important first, and on how much that was tried."""

    instances: int
    states: int
    features: tuple[Importance, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature and where it lies in a flat observation."""

    name: str
    places: NDArray[np.intp]  # (rows, numbers of the feature in a row)
    rows: NDArray[np.intp]  # (rows, all numbers of a row)

    def met(self, observations: Floats) -> Floats:
        """Its values in all rows (B, D) that stand for something, ``(values, numbers)``."""
        return np.asarray(observations[:, self.places][self._used(observations)])

    def replaced(self, observations: Floats, pool: Floats, random: np.random.Generator) -> Floats:
        """The observations with its values replaced by some of ``pool``, drawn with replacement."""
        if not len(pool):
            return observations
        used = self._used(observations)
        values = observations[:, self.places]
        values[used] = pool[random.integers(len(pool), size=np.count_nonzero(used))]
        changed = observations.copy()
        changed[:, self.places] = values
        return changed

    def _used(self, observations: Floats) -> NDArray[np.bool_]:
        return np.asarray((observations[:, self.rows] != 0).any(axis=-1))


def importance(
    policy: Policy, env: CompilerEnv[Any], instances: Sequence[str], top: int = TOP, seed: int = 0
) -> Study | None:
    """How much each named feature decides on ``instances``, evenly thinned out to ``MAX_INSTANCES``.

    None if the policy's observation has no ``names``, or there is nothing to decide. At most ``top`` features are told
    of, and none that changes no decision. Costs are computed only where they are deterministic. Raises ValueError if
    ``policy`` is not for ``env`` or the names are not as many as the observation's numbers.
    """
    policy.check(env)
    names = getattr(env.observations[policy.card.observation], "names", None)
    problem = env.problem
    resolved = [problem.resolve(uri) for uri in instances]
    some = [each for each in _thinned(resolved) if not problem.is_terminal(problem.initial(each))]
    if names is None or not some:
        return None
    rows_of_names = (names,) if isinstance(names[0], str) else names  # of one row its names alone will do
    found = _features(rows_of_names, policy.card.observation_size)
    trial = _Trial(policy, env, some, seed)
    shares = {number: trial.changed(feature) for number, feature in enumerate(found)}
    best = sorted((number for number in shares if shares[number] > 0), key=lambda number: -shares[number])[:top]
    rows = [Importance(found[number].name, shares[number], trial.cost_ratio(found[number])) for number in best]
    return Study(len(trial.instances), len(trial.masks), tuple(rows))


def _thinned(instances: Sequence[str]) -> Sequence[str]:
    return instances[:: -(-len(instances) // MAX_INSTANCES)] if instances else ()


def _features(names: Names, size: int) -> list[Feature]:
    if sum(map(len, names)) != size:
        raise ValueError(f"the observation names {sum(map(len, names))} numbers and has {size}")
    starts: dict[tuple[str, ...], list[int]] = {}
    at = 0
    for row in names:
        starts.setdefault(tuple(row), []).append(at)
        at += len(row)
    return [
        Feature(name, np.add.outer(begins, _positions(row, name)), np.add.outer(begins, np.arange(len(row))))
        for row, begins in starts.items()
        for name in dict.fromkeys(row)
        if name
    ]


def _positions(row: Sequence[str], name: str) -> NDArray[np.intp]:
    return np.array([position for position, each in enumerate(row) if each == name], np.intp)


class _Trial:
    """A policy's own roll-outs and what becomes of them."""

    def __init__(self, policy: Policy, env: CompilerEnv[Any], instances: Sequence[str], seed: int) -> None:
        self.policy, self.env, self.instances, self.seed = policy, env, instances, seed
        witness = _Witness(policy)
        self.actions = rollouts(witness, env, policy.card.observation, instances)
        every = np.concatenate(witness.observations), np.concatenate(witness.masks)
        some = np.random.default_rng(seed).permutation(len(every[0]))[:MAX_STATES]
        self.observations, self.masks = (part[np.sort(some)] for part in every)
        self.decisions = self._decided(policy)

    def _decided(self, scorer: Scorer) -> NDArray[Any]:
        scores = scorer.scores(self.observations, self.masks)
        if self.env.problem.unordered:
            return np.asarray((scores[:, :-1] > scores[:, -1:])[self.masks[:, :-1] > 0])
        return np.asarray(scores.argmax(-1))

    def changed(self, feature: Feature) -> float:
        """Share of the decisions that become others without the feature."""
        changed = self._decided(self._without(feature)) != self.decisions
        return float(np.mean(changed)) if len(changed) else 0.0

    def cost_ratio(self, feature: Feature) -> float | None:
        """How the last costs of roll-outs without the feature compare; None where costs are measured or all fail."""
        if not self.env.problem.deterministic:
            return None
        actions = rollouts(self._without(feature), self.env, self.policy.card.observation, self.instances)
        ratios = [
            self._last_cost(instance, other) / self._last_cost(instance, own)
            for instance, other, own in zip(self.instances, actions, self.actions, strict=True)
        ]
        known = [ratio for ratio in ratios if isfinite(ratio)]
        return float(np.exp(np.mean(np.log(known)))) if known else None

    def _without(self, feature: Feature) -> _Without:
        random = np.random.default_rng([self.seed, *feature.name.encode()])  # whatever the other features are
        return _Without(self.policy, feature, feature.met(self.observations), random)

    def _last_cost(self, instance: str, actions: Sequence[int]) -> float:
        problem = self.env.problem
        state = problem.initial(instance)
        for action in actions:
            state = problem.apply(state, action)
        try:
            return problem.cost(state)
        except BackendError:
            return nan


@dataclass(frozen=True, slots=True)
class _Witness:
    """Keeps what a scorer is shown."""

    scorer: Scorer
    observations: list[Floats] = field(default_factory=list)
    masks: list[NDArray[Any]] = field(default_factory=list)

    def scores(self, observations: Floats, masks: NDArray[Any]) -> Scores:
        self.observations.append(observations)
        self.masks.append(masks)
        return self.scorer.scores(observations, masks)


@dataclass(frozen=True, slots=True)
class _Without:
    """A scorer that cannot tell what a feature says."""

    scorer: Scorer
    feature: Feature
    pool: Floats
    random: np.random.Generator

    def scores(self, observations: Floats, masks: NDArray[Any]) -> Scores:
        return self.scorer.scores(self.feature.replaced(observations, self.pool, self.random), masks)
