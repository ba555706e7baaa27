"""Observations: small objects with a ``space``, called on an episode; computed only when someone looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import gymnasium as gym
import networkx as nx

from gymcc.envs.core.choices import choose
from gymcc.envs.core.episode import Episode


class Observation(Protocol):
    """A view of an episode."""

    @property
    def space(self) -> gym.Space[Any]:
        """Where the values lie."""

    def __call__(self, episode: Episode[Any]) -> Any:
        """The value now, in :attr:`space`; arrays are fresh each time (RLlib keeps references)."""


class Combined:
    """Several observations as one dict."""

    def __init__(self, parts: Mapping[str, Observation]) -> None:
        self.parts = dict(parts)
        self.space = gym.spaces.Dict({key: part.space for key, part in parts.items()})

    def __call__(self, episode: Episode[Any]) -> dict[str, Any]:
        return {key: part(episode) for key, part in self.parts.items()}


class GraphSpace(gym.Space["nx.MultiDiGraph[str]"]):
    """The space of networkx multi-digraphs; for :meth:`CompilerEnv.observe`, not for batching."""

    def __init__(self) -> None:
        super().__init__(None, None)

    @property
    def is_np_flattenable(self) -> bool:
        return False

    def sample(self, mask: Any = None, probability: Any = None) -> nx.MultiDiGraph[str]:
        return nx.MultiDiGraph()

    def contains(self, x: Any) -> bool:
        return isinstance(x, nx.MultiDiGraph)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GraphSpace)

    def __hash__(self) -> int:
        return hash(GraphSpace)

    def __repr__(self) -> str:
        return "GraphSpace()"


def select(known: Mapping[str, Observation], wanted: str | Mapping[str, str]) -> Observation:
    """A named observation, or a dict of them given as ``{key: name}``; raises ValueError naming the known ones."""
    if isinstance(wanted, str):
        return choose(known, wanted, "observation")
    if not isinstance(wanted, Mapping) or not wanted:
        raise ValueError(f"observation is a name or {{key: name, ...}}, got {wanted!r}; allowed: {', '.join(known)}")
    return Combined({key: choose(known, name, "observation") for key, name in wanted.items()})
