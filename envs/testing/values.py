"""Comparing, judging and spoiling whatever an observation may be: arrays, numbers, texts, graphs, and dicts of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

import gymnasium as gym
import networkx as nx
import numpy as np


def canonical(value: Any) -> Any:
    """Nested tuples that are equal exactly if two values are, types and bits included."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return "array", str(array.dtype), array.shape, array.tobytes().hex()
    if isinstance(value, Mapping):
        return "dict", tuple((str(key), canonical(value[key])) for key in sorted(value, key=str))
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(canonical(part) for part in value)
    if isinstance(value, nx.Graph):
        nodes = sorted((repr(node), canonical(facts)) for node, facts in value.nodes(data=True))
        edges = sorted((repr((source, sink)), canonical(facts)) for source, sink, facts in value.edges(data=True))
        return "graph", tuple(nodes), tuple(edges)
    return type(value).__name__, repr(value)


def digest(value: Any) -> str:
    """Short hash of :func:`canonical`, the same in every process."""
    return blake2b(repr(canonical(value)).encode(), digest_size=8).hexdigest()


def misfit(space: gym.Space[Any], value: Any) -> str:
    """Why ``value`` is no proper member of ``space``, empty if it is one: exact dtype, finite, contained."""
    for part, array in leaves(space, value):
        if isinstance(part, gym.spaces.Box | gym.spaces.MultiBinary | gym.spaces.MultiDiscrete):
            if not isinstance(array, np.ndarray):
                return f"{type(array).__name__} where the space says array"
            if array.dtype != part.dtype:
                return f"dtype {array.dtype} where the space says {part.dtype}"
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not np.isfinite(array).all():
            return f"{np.count_nonzero(~np.isfinite(array))} entries are not finite"
    return "" if space.contains(value) else f"{str(value)[:200]} is not in {space}"


def leaves(space: gym.Space[Any], value: Any) -> Iterator[tuple[gym.Space[Any], Any]]:
    """The parts of a value in a dict or tuple space, each with its own space."""
    if isinstance(space, gym.spaces.Dict) and isinstance(value, Mapping):
        for key, part in space.items():
            if key in value:
                yield from leaves(part, value[key])
    elif isinstance(space, gym.spaces.Tuple) and isinstance(value, tuple):
        for part, item in zip(space, value, strict=False):
            yield from leaves(part, item)
    else:
        yield space, value


def spoil(value: Any) -> None:
    """Change a value in place wherever it allows that, as a careless user would."""
    if isinstance(value, np.ndarray):
        if value.flags.writeable:
            value[...] = ~value if value.dtype == np.bool_ else value + 1
    elif isinstance(value, dict):
        for part in value.values():
            spoil(part)
        value.clear()
    elif isinstance(value, nx.Graph):
        value.clear()
    elif isinstance(value, list | tuple):
        for part in value:
            spoil(part)
