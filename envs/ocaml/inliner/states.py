"""Where residual code stands: the nodes of the tree of paths, and the names of variables there."""

from __future__ import annotations

from gymcc.envs.ocaml.ir import Path


class State:
    """A place for code of one source function: its declaration, or a copy of its body at a call site.

    Interned by :class:`States`, so that equal means identical. ``path`` are the sites of the copies around, outermost
    first; a function defined in copied code is declared anew there: ``declared`` at the same path. A ``root`` is the
    declaration that the code is compiled into.
    """

    __slots__ = ("children", "copied", "declared", "function", "parent", "path", "root", "site", "variables")

    def __init__(self, parent: State | None, site: int | None, function: int) -> None:
        self.parent = parent
        self.site = site
        self.function = function
        self.declared = site is None
        self.path: Path = () if parent is None else parent.path if site is None else (*parent.path, site)
        self.copied = bool(self.path)
        self.root: State = self if self.declared or parent is None else parent.root
        self.children: dict[tuple[int | None, int], State] = {}
        self.variables: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"State({self.path}, {'declares' if self.declared else 'copies'} {self.function})"


class States:
    """All places met so far in a program; ``main`` is the top level."""

    def __init__(self, variables: int) -> None:
        self.main = State(None, None, 0)
        self.variables = variables
        self._origins: dict[int, int] = {}

    def declared(self, parent: State, function: int) -> State:
        """The declaration of a function that the code at ``parent`` defines."""
        return self._child(parent, None, function)

    def copied(self, parent: State, site: int, function: int) -> State:
        """The copy of a function's body for the call at ``site`` of the code at ``parent``."""
        return self._child(parent, site, function)

    def variable(self, state: State, source: int) -> int:
        """The variable that stands at ``state`` for one of the source: itself where nothing is copied."""
        if not state.copied:
            return source
        found = state.variables.get(source)
        if found is None:
            found = state.variables[source] = self.variables
            self._origins[found] = source
            self.variables += 1
        return found

    def origin(self, variable: int) -> int:
        """The variable of the source that a residual one stands for."""
        return self._origins.get(variable, variable)

    def _child(self, parent: State, site: int | None, function: int) -> State:
        found = parent.children.get((site, function))
        if found is None:
            found = parent.children[site, function] = State(parent, site, function)
        return found
