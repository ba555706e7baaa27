"""Random values for parameters, memory and results of calls, drawn so that runs get far and meet the corner cases.

A seed chooses a temper. Calm runs draw small numbers, and arrays of one length above them, so that bounds checks pass;
wild ones draw anything. References come from a small pool, so that two of them are often the same object or array.
"""

from __future__ import annotations

from gymcc.envs.jitcse.interpreter.hashing import mix
from gymcc.envs.jitcse.interpreter.values import Value, to_single, wrap
from gymcc.envs.jitcse.ir import Type

_POOLS = (2, 4, 12)  # references that a run may meet, and null
_EDGES = (0, 1, -1, 2, 10, 32, 48, 57, 65, 92, 127, 128, 255, 256, 65535, 2**31 - 1, -(2**31))
_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.25, 1e10, -1e-10, 1e308, float("inf"), float("-inf"), float("nan"))
_LENGTH, _POOL, _TEMPER = 1, 2, 3  # what a hash is for


class Inputs:
    """Where a run's values come from; the same seed gives the same values."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.calm = mix(seed, _TEMPER) % 2 == 0
        self.pool = _POOLS[mix(seed, _POOL) % len(_POOLS)]
        self._calm_length = 6 + mix(seed, _LENGTH) % 6

    def draw(self, kind: Type, chance: int) -> Value:
        """The value of a type that a hash stands for."""
        if kind is Type.INT:
            return self._whole(chance)
        if kind is Type.OTHER:
            return 4096 * (chance % (self.pool + 1))
        if kind is Type.LONG:
            return self._whole(chance) if chance & 1 else wrap(mix(chance), 64)
        if kind is Type.STRUCT:
            return wrap(mix(chance, 1), 64), wrap(mix(chance, 2), 64)
        if kind is Type.SIMD:
            a, b, c, d = (to_single(self._float(mix(chance, lane))) for lane in range(4))
            return a, b, c, d
        number = self._float(chance)
        return to_single(number) if kind is Type.FLOAT else number

    def length(self, array: int) -> int:
        """The length of an array, for its whole life."""
        return self._calm_length if self.calm else mix(self.seed, _LENGTH, array) % 20

    def _whole(self, chance: int) -> int:
        choice, rest = chance >> 60, chance & (2**60 - 1)
        if self.calm or choice < 8:
            return rest % 5
        return _EDGES[rest % len(_EDGES)] if choice < 14 else wrap(rest, 32)

    def _float(self, chance: int) -> float:
        choice, rest = chance >> 60, chance & (2**60 - 1)
        return (rest % 2**20) / 1024 if choice < 10 else _FLOATS[rest % len(_FLOATS)]
