"""A small correct problem: fill a bag of some capacity with weights. Cost 1 + the room left over, so the bound is 1."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.dataset import Dataset
from gymcc.envs.core.episode import Episode
from gymcc.envs.core.problem import BackendError, Problem, UnknownInstance, checked_action

WEIGHTS = 5
CLOSE = WEIGHTS
INSTANCES = ("c12_w3_w4_w5_w7_w2", "c7_w1_w2_w3_w4_w5", "c20_w9_w9_w2_w1_w6")
BAGS = Dataset("bag/small", INSTANCES, "Three bags.", "Written by hand.")


@dataclass(frozen=True, slots=True)
class Bag:
    """``taken``: indices of the weights in the bag, ascending."""

    instance: str
    taken: tuple[int, ...] = ()
    closed: bool = False


class Filling(Problem[Bag]):
    """Actions 0 to 4 put a weight in, 5 closes the bag."""

    name = "bag"
    unit = "room"
    max_steps = 6
    n_actions = WEIGHTS + 1
    deterministic = True
    datasets: ClassVar = {BAGS.name: BAGS}

    def initial(self, instance: str) -> Bag:
        if not re.fullmatch(rf"c[1-9][0-9]?(_w[1-9]){{{WEIGHTS}}}", instance):
            raise UnknownInstance(f"unknown instance {instance!r}; allowed: c<1..99> and {WEIGHTS} times _w<1..9>")
        return Bag(instance)

    def why_illegal(self, state: Bag, action: int) -> str:
        if not 0 <= action < self.n_actions:
            return f"there is no action {action}"
        if state.closed:
            return "the bag is closed"
        if action in state.taken:
            return "it is in the bag already"
        if action != CLOSE and weights(state)[action] > room(state):
            return "there is no room for it"
        return ""

    def apply(self, state: Bag, action: int) -> Bag:
        checked_action(self, state, action)
        return self.moved(state, action)

    def moved(self, state: Bag, action: int) -> Bag:
        if action == CLOSE:
            return Bag(state.instance, state.taken, True)
        return Bag(state.instance, tuple(sorted((*state.taken, action))), state.closed)

    def is_terminal(self, state: Bag) -> bool:
        return state.closed

    def evaluate(self, state: Bag) -> float:
        return 1.0 + abs(room(state))

    def cost_key(self, state: Bag) -> Hashable:
        return state.instance, state.taken

    def bound(self, instance: str) -> float:
        return 1.0

    def describe(self, action: int) -> str:
        return "close" if action == CLOSE else f"take_{action}"

    def show(self, state: Bag) -> str:
        return f"{state.taken} of {weights(state)}, room {room(state)}"

    def encode(self, state: Bag) -> str:
        return f"{state.instance}:{','.join(map(str, state.taken))}{':closed' * state.closed}"

    def decode(self, text: str) -> Bag:
        match = re.fullmatch(r"(\w+):((?:[0-4](?:,[0-4])*)?)(:closed)?", text)
        if match is None:
            raise ValueError(f"not a bag: {text!r}")
        taken = tuple(int(part) for part in match[2].split(",") if part)
        return Bag(self.initial(match[1]).instance, taken, match[3] is not None)

    def check_semantics(self, state: Bag, seed: int) -> None:
        """Put the weights in one by one, in a random order."""
        left = capacity(state)
        for index in Random(seed).sample(state.taken, len(state.taken)):
            left -= weights(state)[index]
            if left < 0:
                raise BackendError(f"weight {index} does not fit in")


class Contents:
    """float32 ``(8,)`` in [0, 1]: weight in the bag, closed, room left over capacity, steps left."""

    def __init__(self) -> None:
        self.space = gym.spaces.Box(0.0, 1.0, (WEIGHTS + 3,), np.float32)

    def __call__(self, episode: Episode[Bag]) -> NDArray[np.float32]:
        bag = episode.state
        flags = [float(index in bag.taken) for index in range(WEIGHTS)]
        steps_left = max(0, episode.steps_left) / episode.max_steps
        return np.array([*flags, bag.closed, max(0, room(bag)) / capacity(bag), steps_left], np.float32)


def capacity(bag: Bag) -> int:
    return int(bag.instance.split("_")[0][1:])


def weights(bag: Bag) -> list[int]:
    return [int(part[1:]) for part in bag.instance.split("_")[1:]]


def room(bag: Bag) -> int:
    return capacity(bag) - sum(weights(bag)[index] for index in bag.taken)
