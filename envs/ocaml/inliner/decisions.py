"""What to inline: a decision per path, per site, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gymcc.envs.ocaml.ir import Path

Decisions: TypeAlias = Callable[[Path], bool]  # whether to inline the call that a path ends in; a pure function


@dataclass(frozen=True, slots=True)
class Paths:
    """Tree mode: inline at these paths. One counts only where its outer paths are inlined too."""

    inline: frozenset[Path]

    def __call__(self, path: Path) -> bool:
        return path in self.inline


@dataclass(frozen=True, slots=True)
class Sites:
    """Site mode: inline every occurrence of these sites that can be."""

    inline: frozenset[int]

    def __call__(self, path: Path) -> bool:
        return path[-1] in self.inline


@dataclass(frozen=True, slots=True)
class Mixed:
    """A decision per path where there is one, else the site's own (a path of one), else not to inline.

    As the compiler back ends read decisions.
    """

    decided: tuple[tuple[Path, bool], ...]

    def __call__(self, path: Path) -> bool:
        decided = dict(self.decided)
        return decided.get(path, decided.get(path[-1:], False))


NOTHING = Paths(frozenset())


def paths(inline: Iterable[Path]) -> Paths:
    """Tree mode."""
    return Paths(frozenset(inline))


def sites(inline: Iterable[int]) -> Sites:
    """Site mode."""
    return Sites(frozenset(inline))


def mixed(decided: Mapping[Path, bool]) -> Mixed:
    """Tree mode over site mode."""
    return Mixed(tuple(sorted(decided.items())))
