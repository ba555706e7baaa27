"""The one adapter from a :class:`Problem` to Gymnasium."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from copy import copy, deepcopy
from math import isnan, nan
from typing import Any, Generic, Self, TypeVar, cast

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.choices import choose
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.observation import Observation, select
from gymcc.envs.core.problem import BackendError, IllegalAction, Problem
from gymcc.envs.core.reward import REWARDS, Costs, Reward

S = TypeVar("S", bound=Hashable)
ON_ILLEGAL = {"noop": False, "terminate": True, "raise": True}
RANDOM = frozenset({"_np_random", "_action_space"})  # attributes with a generator inside


class CompilerEnv(gym.Env[Any, np.int64], Generic[S]):
    """Episodes over a problem's instances.

    ``reset(options={"instance": uri})`` takes any instance; without it one is drawn from ``instances`` with the
    environment's seeded generator. An illegal action changes nothing, costs a step and ``illegal_penalty``, and
    ``info["illegal"]`` says why (``on_illegal="terminate"`` ends the episode instead, ``"raise"`` raises
    :class:`IllegalAction`). ``terminated``: no decision left. ``truncated``: ``max_steps`` attempts made, or the back
    end failed (``info["error"]``, reward ``-failure_penalty``; the state is the one before). ``reset`` raises
    ValueError for an unknown option or instance and :class:`BackendError` if the start state cannot be priced.

    ``info`` holds scalars and arrays only: instance; cost, baseline_cost, best_cost and bound in the problem's unit
    (nan where unknown or, under a reward that is not dense, not yet evaluated); evals (costs computed so far by this
    problem object); illegal; error; action_mask (int8, ``(n_actions,)``); and the problem's own facts of the instance
    and remarks on the state.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 2}  # Gymnasium's

    def __init__(
        self,
        problem: Problem[S],
        observations: Mapping[str, Observation],
        instances: Sequence[str],
        *,
        observation: str | Mapping[str, str] = "default",
        reward: str | Reward = "log_speedup",
        max_steps: int | None = None,
        on_illegal: str = "noop",
        illegal_penalty: float = 0.1,
        failure_penalty: float = 1.0,
        render_mode: str | None = None,
    ) -> None:
        if max_steps is not None:  # searches are held to the environment's limit too
            problem = copy(problem)
            problem.max_steps = _positive(max_steps)
        self.problem = problem
        self.observations = observations
        self.instances = tuple(instances)
        if not self.instances:
            raise ValueError("an environment needs at least one instance to draw from")
        self._observe = select(observations, observation)
        self.reward = reward if isinstance(reward, Reward) else choose(REWARDS, reward, "reward")
        self.max_steps = problem.max_steps
        choose(ON_ILLEGAL, on_illegal, "on_illegal")
        self.on_illegal = on_illegal
        self.illegal_penalty = illegal_penalty
        self.failure_penalty = failure_penalty
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"unknown render_mode {render_mode!r}; allowed: {', '.join(modes)}")
        self.render_mode = render_mode
        self.observation_space = self._observe.space
        self._action_space: gym.spaces.Discrete[Any] = gym.spaces.Discrete(problem.n_actions)
        self._shared: frozenset[str] = frozenset()  # of RANDOM, those that a fork may hold too

    # Gymnasium

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        options = options or {}
        if unknown := set(options) - {"instance"}:
            raise ValueError(f"unknown reset option {sorted(unknown)}; allowed: instance")
        uri = options.get("instance")
        if uri is None:
            uri = self.instances[int(self.np_random.integers(len(self.instances)))]
        instance = self.problem.resolve(uri)
        self.episode = Episode(instance, self.problem.initial(instance), self.max_steps)
        self.bound = self.problem.bound(instance)
        if isnan(self.bound) and self.reward.needs_bound():
            raise ValueError(f"reward {type(self.reward).__name__} needs a bound, and none is known of {instance!r}")
        self.heuristic_cost = self.problem.heuristic_cost(instance) if self.reward.needs_heuristic() else nan
        self.facts = self.problem.facts(instance)
        self.baseline_cost = self.cost = self.best_cost = self.problem.cost(self.state)
        return self._observe(self.episode), self._info("", "")

    def step(self, action: np.int64 | int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        before = self.episode
        try:
            return self._step(int(action))
        except BackendError as error:  # back to the last state known to be good
            self.episode, self.cost = before.stood_still(), nan
            return self._observe(self.episode), -self.failure_penalty, False, True, self._info("", str(error))

    def _step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        illegal = self.problem.why_illegal(self.state, action)
        if illegal and self.on_illegal == "raise":
            raise IllegalAction(illegal)
        moved = None if illegal else self.problem.apply(self.state, action)
        self.episode = self.episode.stood_still() if moved is None else self.episode.moved(action, moved)
        terminated = self.problem.is_terminal(self.state) or (bool(illegal) and self.on_illegal == "terminate")
        truncated = not terminated and self.episode.steps_left <= 0
        reward = self._reward(terminated or truncated) - (self.illegal_penalty if illegal else 0.0)
        return self._observe(self.episode), reward, terminated, truncated, self._info(illegal, "")

    def _reward(self, ended: bool) -> float:
        """Reward of having come to the present state; brings the costs up to date, those not needed left out."""
        before = self.cost
        self.cost = self.problem.cost(self.state) if self.reward.dense or ended else nan
        if self.cost < self.best_cost:
            self.best_cost = self.cost
        return float(self.reward(self._costs(before), ended))

    def _costs(self, before: float) -> Costs:
        return Costs(self.baseline_cost, self.bound, before, self.cost, self.heuristic_cost)

    def render(self) -> Any:
        if self.render_mode is None:
            gym.logger.warn("render() needs a render_mode; allowed: " + ", ".join(self.metadata["render_modes"]))
            return None
        return self.problem.show(self.state) if self.render_mode == "ansi" else self.problem.picture(self.state)

    @property
    def np_random(self) -> np.random.Generator:
        """The environment's own generator; a fork's is copied when one of the two first uses it."""
        self._own("_np_random")
        return super().np_random

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        self._np_random, self._np_random_seed = value, -1  # as Gymnasium does: the seed is not known

    @property
    def action_space(self) -> gym.spaces.Discrete[Any]:  # type: ignore[override]
        """One number per action; it samples with a generator of its own, copied like :attr:`np_random`."""
        return cast("gym.spaces.Discrete[Any]", self._own("_action_space"))

    def _own(self, name: str) -> Any:
        if name in self._shared:
            setattr(self, name, deepcopy(getattr(self, name)))
            self._shared -= {name}
        return getattr(self, name)

    # Beyond Gymnasium

    @property
    def state(self) -> S:
        """The problem's state now."""
        return self.episode.state

    def observe(self, name: str) -> Any:
        """Any of the environment's named observations of the present state, whatever the default one is."""
        return choose(self.observations, name, "observation")(self.episode)

    def action_masks(self) -> NDArray[np.int8]:
        """1 where an action is legal, int8 ``(n_actions,)``; the name that Stable-Baselines3 looks for."""
        return self.problem.legal(self.state).view(np.int8)

    def why_illegal(self, action: int) -> str:
        """Why an action cannot be taken now; empty if it can."""
        return self.problem.why_illegal(self.state, action)

    def fork(self) -> Self:
        """An independent copy in constant time: states are shared, random generators are copied when next used."""
        clone = object.__new__(type(self))
        self._shared = RANDOM
        clone.__dict__ = self.__dict__.copy()
        return clone

    def _info(self, illegal: str, error: str) -> dict[str, Any]:
        return {
            "instance": self.episode.instance,
            "cost": self.cost,
            "baseline_cost": self.baseline_cost,
            "best_cost": self.best_cost,
            "bound": self.bound,
            "evals": self.problem.memo.misses,
            "illegal": illegal,
            "error": error,
            "action_mask": self.action_masks(),
            **self.facts,
            **self.problem.remarks(self.state),
        }


def _positive(steps: int) -> int:
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"max_steps must be a whole number from 1, got {steps!r}")
    return steps
