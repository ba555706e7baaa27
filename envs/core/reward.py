"""Rewards as small values, computed from costs alone.

Every reward says what its undiscounted sum over an episode is (:meth:`Reward.objective`), and the conformance kit
holds it to that. Dense rewards are differences of a potential, so that they telescope by construction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isnan, log, nan


@dataclass(frozen=True, slots=True)
class Costs:
    """What a reward may look at, in the problem's unit: of the start state, the best bound (or nan), and two states."""

    baseline: float
    bound: float
    before: float
    after: float


class Reward(ABC):
    """``reward(costs, ended)`` for one step; ``dense`` tells whether every step needs its cost."""

    dense: bool = True

    @abstractmethod
    def __call__(self, costs: Costs, ended: bool) -> float:
        """Reward of the step from ``costs.before`` to ``costs.after``; ``ended``: the episode is over."""

    @abstractmethod
    def objective(self, costs: Costs) -> float:
        """What the rewards of an episode from ``costs.before`` to ``costs.after`` sum to."""

    def needs_bound(self) -> bool:
        """Whether this reward says nothing where no bound is known."""
        return isnan(self.objective(Costs(1.0, nan, 1.0, 1.0)))


class Potential(Reward):
    """Dense reward: the increase of a potential of the cost."""

    @abstractmethod
    def potential(self, cost: float, costs: Costs) -> float:
        """Higher is better; may use the baseline and the bound."""

    def __call__(self, costs: Costs, ended: bool) -> float:
        return self.objective(costs)

    def objective(self, costs: Costs) -> float:
        return self.potential(costs.after, costs) - self.potential(costs.before, costs)


class LogSpeedup(Potential):
    """Natural logarithm of the speed-up: halving the cost earns 0.69, whatever the size of the instance."""

    def potential(self, cost: float, costs: Costs) -> float:
        return -log(cost)


class CostDecrease(Potential):
    """Decrease of the cost as a share of the start state's cost."""

    def potential(self, cost: float, costs: Costs) -> float:
        return -cost / costs.baseline


class BoundShare(Potential):
    """Increase of ``bound / cost``; for LoopTune that is the original's (GFLOPS_t - GFLOPS_t-1) / peak GFLOPS."""

    def potential(self, cost: float, costs: Costs) -> float:
        return costs.bound / cost


@dataclass(frozen=True)
class Terminal(Reward):
    """The whole of another reward's objective, paid once, when the episode ends; needs no cost before that."""

    inner: Potential
    dense: bool = False

    def __call__(self, costs: Costs, ended: bool) -> float:
        return self.objective(costs) if ended else 0.0

    def objective(self, costs: Costs) -> float:
        whole = Costs(costs.baseline, costs.bound, costs.baseline, costs.after)
        return self.inner.objective(whole)


REWARDS: dict[str, Reward] = {
    "log_speedup": LogSpeedup(),
    "cost_decrease": CostDecrease(),
    "bound_share": BoundShare(),
    "terminal_log_speedup": Terminal(LogSpeedup()),
}
