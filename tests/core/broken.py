"""The bag problem with one fault each: what the conformance kit must catch, and by which law."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import nan
from typing import Any, Self

import gymnasium as gym
import numpy as np
from gymnasium.vector import SyncVectorEnv
from numpy.typing import NDArray

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.problem import IllegalAction
from gymcc.envs.core.reward import Costs, LogSpeedup, Reward
from tests.core.bag import CLOSE, INSTANCES, WEIGHTS, Bag, Contents, Filling

# Observations


class TooMuch(Contents):
    """Counts what its space says is a share."""

    def __call__(self, episode: Episode[Bag]) -> NDArray[np.float32]:
        return super().__call__(episode) * np.float32(len(episode.state.taken) + 1)


class OneBuffer(Contents):
    """Hands out the same array every time."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = np.zeros(WEIGHTS + 3, np.float32)

    def __call__(self, episode: Episode[Bag]) -> NDArray[np.float32]:
        self.buffer[:] = super().__call__(episode)
        return self.buffer


class Cached(Contents):
    """Computes once per state and hands out what it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Any, NDArray[np.float32]] = {}

    def __call__(self, episode: Episode[Bag]) -> NDArray[np.float32]:
        return self.known.setdefault((episode.state, episode.steps), super().__call__(episode))


class WrongDtype(Contents):
    """float64 where the space says float32."""

    def __call__(self, episode: Episode[Bag]) -> NDArray[Any]:
        return super().__call__(episode).astype(np.float64)


# Problems


class MaskOffByOne(Filling):
    def legal(self, state: Bag) -> NDArray[np.bool_]:
        return np.roll(super().legal(state), 1)


class SilentRefusal(Filling):
    def why_illegal(self, state: Bag, action: int) -> str:
        return super().why_illegal(state, action) if action == CLOSE else ""

    def apply(self, state: Bag, action: int) -> Bag:
        if reason := Filling().why_illegal(state, action):
            raise IllegalAction(reason)
        return self.moved(state, action)

    def legal(self, state: Bag) -> NDArray[np.bool_]:
        return Filling().legal(state)


class ImpureApply(Filling):
    """Every seventh move does nothing: hidden mutable state."""

    moves = 0

    def moved(self, state: Bag, action: int) -> Bag:
        self.moves += 1
        return state if self.moves % 7 == 0 and action != CLOSE else super().moved(state, action)


class StaleCache(Filling):
    """Its memo forgets which weights are in the bag."""

    def cost_key(self, state: Bag) -> Hashable:
        return state.instance, len(state.taken)


class ChangingVersion(Filling):
    """Names its process' object, not its version."""

    count = 0

    def versions(self) -> dict[str, str]:
        ChangingVersion.count += 1
        return {"tool": str(ChangingVersion.count)}


class DeadEnds(Filling):
    """Lets nobody close a bag with room in it."""

    def why_illegal(self, state: Bag, action: int) -> str:
        if action == CLOSE and self.evaluate(state) > 1 and len(state.taken) > 1:
            return "there is room in it"
        return super().why_illegal(state, action)


class LossyText(Filling):
    """Forgets that a bag is closed when it has three weights."""

    def encode(self, state: Bag) -> str:
        return super().encode(state).removesuffix(":closed" if len(state.taken) == 3 else "?")


class TwoOfOneName(Filling):
    def describe(self, action: int) -> str:
        return super().describe(min(action, CLOSE - 1)) if action != CLOSE - 1 else "take_0"


class BoundTooHigh(Filling):
    def bound(self, instance: str) -> float:
        return 2.0


class WrongProgram(Filling):
    """Lets the first weight in whether or not there is room."""

    def why_illegal(self, state: Bag, action: int) -> str:
        if action == 0 and 0 not in state.taken and not state.closed:
            return ""
        return super().why_illegal(state, action)


class HashOrder(Filling):
    """Breaks ties by the hash of a string, which differs between processes."""

    def evaluate(self, state: Bag) -> float:
        return super().evaluate(state) + hash(state.instance) % 1009 / 1e5


class Unbounded(Filling):
    """No fault, but no bound either."""

    def bound(self, instance: str) -> float:
        return nan


class Backwards(Filling):
    """A live back end that prefers what the embedded one dislikes."""

    def evaluate(self, state: Bag) -> float:
        return 100.0 / super().evaluate(state)


# Rewards, environments, batches


class NotTelescoping(LogSpeedup):
    """Pays the speed-up over the start at every step, though it declares the difference."""

    def __call__(self, costs: Costs, ended: bool) -> float:
        return self.potential(costs.after, costs) - self.potential(costs.baseline, costs)


class SharedGenerator(CompilerEnv[Bag]):
    def fork(self) -> Self:
        clone = super().fork()
        self._shared = clone._shared = frozenset()
        return clone


class SharedHistory(CompilerEnv[Bag]):
    """Keeps its actions in a list that a fork shares, and pays for variety."""

    def reset(self, **options: Any) -> Any:
        self.history: list[int] = []
        return super().reset(**options)

    def step(self, action: Any) -> Any:
        self.history.append(int(action))
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, reward, terminated, truncated, {**info, "actions_so_far": len(self.history)}


class Unseeded(CompilerEnv[Bag]):
    """Draws instances with numpy's global generator."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return super().reset(seed=seed, options=options or {"instance": str(np.random.choice(self.instances))})  # noqa: NPY002


class RolledBatch(SyncVectorEnv):
    """Gives each environment its neighbour's reward."""

    def step(self, actions: Any) -> Any:
        observations, rewards, *rest = super().step(actions)
        return observations, np.roll(rewards, 1), *rest


@dataclass(frozen=True)
class Mutant:
    """A fault and the law that is meant for it."""

    law: int
    problem: Callable[[], Filling] = Filling
    observation: Callable[[], Contents] = Contents
    reward: Reward | str = "log_speedup"
    env: type[CompilerEnv[Bag]] = CompilerEnv


MUTANTS = {
    "unbounded observation": Mutant(1, observation=TooMuch),
    "one buffer": Mutant(1, observation=OneBuffer),
    "cached array": Mutant(1, observation=Cached),
    "wrong dtype": Mutant(1, observation=WrongDtype),
    "mask off by one": Mutant(2, MaskOffByOne),
    "silent refusal": Mutant(2, SilentRefusal),
    "impure apply": Mutant(3, ImpureApply),
    "stale cache": Mutant(3, StaleCache),
    "fork shares generator": Mutant(4, env=SharedGenerator),
    "fork shares history": Mutant(4, env=SharedHistory),
    "changing version": Mutant(5, ChangingVersion),
    "reward does not telescope": Mutant(6, reward=NotTelescoping()),
    "dead ends": Mutant(7, DeadEnds),
    "lossy text": Mutant(8, LossyText),
    "two actions of one name": Mutant(8, TwoOfOneName),
    "bound too high": Mutant(9, BoundTooHigh),
    "unseeded": Mutant(12, env=Unseeded),
    "hash order": Mutant(12, HashOrder),
    "wrong program": Mutant(13, WrongProgram),
}
OTHERS = {"": Mutant(0), "no bound": Mutant(0, Unbounded), "backwards": Mutant(0, Backwards)}


def make_env(mutant: str = "", **options: Any) -> CompilerEnv[Bag]:
    """The bag environment, with a fault if one is named."""
    fault = {**MUTANTS, **OTHERS}[mutant]
    options = {"reward": fault.reward, **options}
    return fault.env(fault.problem(), {"default": fault.observation()}, INSTANCES, **options)


def make_rolled(num_envs: int, **options: Any) -> SyncVectorEnv:
    """A batch with the fault of :class:`RolledBatch`."""
    return RolledBatch([lambda: make_env(**options)] * num_envs)


if "bag-v0" not in gym.registry:
    gym.register("bag-v0", "tests.core.broken:make_env")
    gym.register("bag-rolled-v0", "tests.core.broken:make_env", vector_entry_point="tests.core.broken:make_rolled")
