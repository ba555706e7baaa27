"""Names of values and of their uses, as NITTA gives them.

``x^k#n`` is use n of what the k-th assignment to x gave, ``!2.5#n`` use n of the literal 2.5, and ``_n#x`` the n-th
intermediate result on the way to x, which is used once. A multiple assignment gives ``x&`` first and x after it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gymcc.envs.nitta.frontend.errors import LuaError, Position
from gymcc.envs.nitta.frontend.syntax import Name


@dataclass(slots=True, eq=False)
class Value:
    """A value of the algorithm; each use is a variable of its own."""

    stem: str
    uses: list[str] = field(default_factory=list)


class Scope:
    """The values that a function body has given so far."""

    def __init__(self) -> None:
        self._latest: dict[str, Value] = {}
        self._assignments: Counter[str] = Counter()
        self._intermediates: Counter[str] = Counter()
        self._taken: set[str] = set()

    def assigned(self, target: str) -> Value:
        """A new value for ``target``, which is not bound to the name yet. NITTA does not number names like ``_x``."""
        number = self._assignments[target]
        self._assignments[target] += 1
        return Value(target if target.startswith("_") else f"{target}^{number}")

    def intermediate(self, target: str) -> Value:
        """A new intermediate result on the way to ``target``."""
        number = self._intermediates[target]
        self._intermediates[target] += 1
        return Value(f"_{number}#{target}")

    def bind(self, target: str, value: Value) -> None:
        """From now on ``target`` names ``value``."""
        self._latest[target] = value

    def find(self, name: Name) -> Value:
        """The value that the name stands for; LuaError if there is none."""
        if name.text not in self._latest:
            raise LuaError(f"'{name.text}' has no value here; only parameters and assigned names have one", name.at)
        return self._latest[name.text]

    def use(self, value: Value, at: Position) -> str:
        """A new variable that carries the value; LuaError where NITTA would give two of them one name."""
        variable = value.stem if value.stem.startswith("_") else f"{value.stem}#{len(value.uses)}"
        if variable in self._taken:
            raise LuaError(f"'{variable}' is used twice; a name that begins with '_' can be used once only", at)
        self._taken.add(variable)
        value.uses.append(variable)
        return variable
