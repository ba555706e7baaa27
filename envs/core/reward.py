"""Rewards as small values, computed from costs alone.

Every reward says what its undiscounted sum over an episode is (:meth:`Reward.objective`), and the conformance kit
holds it to that. Dense rewards are differences of a potential, so that they telescope by construction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import isnan, log, nan, tanh


@dataclass(frozen=True, slots=True)
class Costs:
    """What a reward may look at, in the problem's unit; nan where unknown."""

    baseline: float  # of the start state
    bound: float
    before: float
    after: float
    heuristic: float = nan  # where the problem's heuristic leads


class Reward(ABC):
    """``reward(costs, ended)`` for one step; ``dense`` tells whether every step needs its cost."""

    dense: bool = True
    telescopes: bool = True  # False: what an episode sums to depends on the way, and there is no objective

    @abstractmethod
    def __call__(self, costs: Costs, ended: bool) -> float:
        """Reward of the step from ``costs.before`` to ``costs.after``; ``ended``: the episode is over."""

    @abstractmethod
    def objective(self, costs: Costs) -> float:
        """What the rewards of an episode from ``costs.before`` to ``costs.after`` sum to."""

    def needs_bound(self) -> bool:
        """Whether this reward says nothing where no bound is known."""
        return isnan(self(Costs(1.0, nan, 1.0, 1.0, 1.0), True))

    def needs_heuristic(self) -> bool:
        """Whether this reward says nothing where the heuristic's cost is not known."""
        return isnan(self(Costs(1.0, 1.0, 1.0, 1.0), True))


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


class TanhDecrease(Potential):
    """tanh of 10 times the decrease as a share of the start state's cost: a target of "Inlining ML with ML".

    It tells small gains apart and bounds what a single catastrophe weighs.
    """

    steepness = 10.0

    def potential(self, cost: float, costs: Costs) -> float:
        return tanh(self.steepness * (1 - cost / costs.baseline))


class BoundShare(Potential):
    """Increase of ``bound / cost``; for LoopTune that is the original's (GFLOPS_t - GFLOPS_t-1) / peak GFLOPS."""

    def potential(self, cost: float, costs: Costs) -> float:
        return costs.bound / cost


class AgainstHeuristic(Potential):
    """Natural logarithm of how much better than where the problem's heuristic leads."""

    def potential(self, cost: float, costs: Costs) -> float:
        return log(costs.heuristic / cost)


class RelativeDecrease(Reward):
    """Decrease as a share of the cost *before the step*, times 5: jitml's reward. It does not telescope."""

    telescopes = False
    scale = 5.0

    def __call__(self, costs: Costs, ended: bool) -> float:
        return self.scale * (costs.before - costs.after) / costs.before

    def objective(self, costs: Costs) -> float:
        raise TypeError("what an episode of RelativeDecrease sums to depends on the way")


@dataclass(frozen=True)
class Terminal(Reward):
    """The whole of another reward's objective, paid once, when the episode ends; needs no cost before that."""

    inner: Potential
    dense: bool = False

    def __call__(self, costs: Costs, ended: bool) -> float:
        return self.objective(costs) if ended else 0.0

    def objective(self, costs: Costs) -> float:
        return self.inner.objective(replace(costs, before=costs.baseline))


@dataclass(frozen=True)
class AtLast(Terminal):
    """Another reward's potential of the last state alone, paid when the episode ends: 0 is as good as its zero."""

    def objective(self, costs: Costs) -> float:
        return self.inner.potential(costs.after, costs)


REWARDS: dict[str, Reward] = {
    "log_speedup": LogSpeedup(),
    "cost_decrease": CostDecrease(),
    "bound_share": BoundShare(),
    "terminal_log_speedup": Terminal(LogSpeedup()),
    "terminal_log_vs_heuristic": AtLast(AgainstHeuristic()),
    "relative_decrease": RelativeDecrease(),
    "tanh_decrease": TanhDecrease(),
    "terminal_cost_decrease": Terminal(CostDecrease()),
    "terminal_tanh_decrease": Terminal(TanhDecrease()),
}
