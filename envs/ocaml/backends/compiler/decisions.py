"""What is decided about a call, and how decisions on paths and on sites go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backends.compiler.listing import Path

__all__ = ["Action", "Decided", "Decisions"]

Decisions = Mapping[Path, Action]


@dataclass(frozen=True, slots=True)
class Decided:
    """Looks decisions up: paths without one of their own follow their last site, sites without one the compiler."""

    decisions: Decisions

    def at(self, path: Path) -> Action:
        """What is decided for ``path``."""
        if path in self.decisions:
            return self.decisions[path]
        return self.decisions.get(path[-1:], Action.DEFAULT)

    def special(self) -> frozenset[Path]:
        """Paths whose copied bodies differ from what their functions' own bodies become."""
        found: set[Path] = set()
        for path, action in self.decisions.items():
            prefixes = [path[:length] for length in range(1, len(path))]
            if action != self.at(path[-1:]) and all(self.at(prefix) is Action.INLINE for prefix in prefixes):
                found.update(prefixes)
        return frozenset(found)
