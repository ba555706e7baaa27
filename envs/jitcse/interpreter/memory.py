"""Memory: places with values, disjoint from array lengths, all filled at random from the start.

A place is a field of an object by offset, a static field by number, or an element of an array by type and index (an
array has one element type). Lengths are not in it: they never change.
"""

from __future__ import annotations

from gymcc.envs.jitcse.interpreter.hashing import mix
from gymcc.envs.jitcse.interpreter.inputs import Inputs
from gymcc.envs.jitcse.interpreter.values import Value, bits_of
from gymcc.envs.jitcse.ir import Type

Place = tuple[str, int, int, int]  # "field" reference offset 0, "static" 0 number 0, "elem" array index type
_KINDS = {"field": 1, "static": 2, "elem": 3}
_OVERWRITES = 4  # a call overwrites one place in so many


class Memory:
    """What a run has stored, over random contents; nothing is computed for places that are never read."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._stored: dict[Place, tuple[int, Type, Value]] = {}  # calls made before the store, type, value
        self._calls: list[int] = []

    def load(self, place: Place, kind: Type) -> Value:
        """The value last stored, or overwritten by a call since, or there from the start; other types see its bits."""
        key = mix(_KINDS[place[0]], *place[1:])
        calls, stored, value = self._stored.get(place, (0, None, 0))
        for call in reversed(self._calls[calls:]):
            if (chance := mix(call, key)) % _OVERWRITES == 0:
                return self._inputs.draw(kind, mix(chance, kind))
        if stored is None:
            return self._inputs.draw(kind, mix(self._inputs.seed, key, kind))
        return value if stored is kind else self._inputs.draw(kind, mix(bits_of(value), stored, kind))

    def store(self, place: Place, kind: Type, value: Value) -> None:
        """Put a value into a place."""
        self._stored[place] = len(self._calls), kind, value

    def call(self, digest: int) -> None:
        """A call, told apart by ``digest``, overwrites places that depend on it."""
        self._calls.append(digest)
