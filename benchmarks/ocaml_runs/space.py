"""Trees of decisions: which paths can be inlined, and what stands open where some are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeAlias

from gymcc.envs.core.choices import choose
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.backend import Backend
from gymcc.envs.ocaml.ir import Path
from gymcc.envs.ocaml.problem import MAX_DEPTH, MAX_NODES, MODES

Tree: TypeAlias = frozenset[Path]  # the inlined paths; with a path all that it begins with
ROOT: Path = ()


class Space:
    """The trees of one program; calls without a choice are left out, paths of more than ``max_depth`` stay calls.

    A tree may have at most ``max_nodes`` nodes in copied bodies. In site mode it has none: copies of a call follow what
    is decided on it, so that trees are sets of the source's calls.
    """

    def __init__(
        self, backend: Backend, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES, mode: str = "tree"
    ) -> None:
        choose(dict.fromkeys(MODES), mode, "mode")
        self.backend, self.max_depth, self.max_nodes, self.mode = backend, max_depth, max_nodes, mode
        self._children: dict[Path, tuple[Path, ...]] = {}

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """The calls of the program as it stands."""
        return self._open((site.id,) for site in self.backend.sites)

    def children(self, path: Path) -> tuple[Path, ...]:
        """The calls that stand in the copy that inlining at ``path`` makes; those of the source for the root."""
        if path == ROOT:
            return self.roots
        if self.mode == "site":
            return ()
        found = self._children.get(path)
        if found is None:
            inner = ((*path, site) for site in self.backend.children(path))
            found = self._children[path] = self._open(inner)
        return found

    def _open(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        return tuple(path for path in paths if Action.INLINE in self.backend.legal(path))

    def nodes(self, tree: Tree) -> tuple[Path, ...]:
        """Inlined paths and open calls, parents before children."""
        found: list[Path] = list(self.roots)
        for path in found:  # grows meanwhile
            if path in tree:
                found.extend(self.children(path))
        return tuple(found)

    def leaves(self, tree: Tree) -> tuple[Path, ...]:
        """The nodes that have no children: calls, and inlined paths whose copy has no calls to decide on."""
        return tuple(path for path in self.nodes(tree) if path not in tree or not self.children(path))

    def fits(self, tree: Tree) -> bool:
        """Whether the limits on depth and nodes allow a tree."""
        deepest = max(map(len, tree), default=0)
        return deepest <= self.max_depth and len(self.nodes(tree)) - len(self.roots) <= self.max_nodes

    def stock(self) -> Tree:
        """What the compiler inlines unasked, as far as limits allow; where that depends on the copy, nothing."""
        tree: set[Path] = set()
        for path in (agenda := list(self.roots)):
            if self.backend.default(path[-1]) is Action.INLINE and self.fits(frozenset((*tree, path))):
                tree.add(path)
                agenda.extend(self.children(path))
        return frozenset(tree)

    def decisions(self, tree: Tree) -> dict[Path, Action]:
        """One for each node, so that nothing is left to what stands for the site elsewhere."""
        return {path: Action.INLINE if path in tree else Action.NEVER for path in self.nodes(tree)}

    def nested(self, tree: Tree) -> list[list[Any]]:
        """As JSON: ``[site, null]`` for a call, ``[site, children]`` for an inlined one."""
        return self._nested(tree, ROOT)

    def _nested(self, tree: Tree, path: Path) -> list[list[Any]]:
        return [[each[-1], self._nested(tree, each) if each in tree else None] for each in self.children(path)]


def reported(tree: Tree, refused: Iterable[Path]) -> Tree:
    """The tree that the compiler made of a wanted one: what it refused is a call, and what stood in there is gone."""
    not_done = frozenset(refused)
    return frozenset(path for path in tree if not any(path[:length] in not_done for length in range(1, len(path) + 1)))


def split(nested: list[list[Any]], path: Path = ROOT) -> tuple[list[Path], list[Path]]:
    """Inlined paths and calls of a tree as :meth:`Space.nested` writes it."""
    inlined: list[Path] = []
    calls: list[Path] = []
    for site, children in nested:
        here = (*path, int(site))
        if children is None:
            calls.append(here)
            continue
        below = split(children, here)
        inlined += [here, *below[0]]
        calls += below[1]
    return inlined, calls
