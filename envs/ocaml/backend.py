"""What the environment asks of a back end: the simulator and the real compilers fulfil the same protocol.

A path is a tuple of sites, outermost first: ``(s,)`` is the call at site s in its own function's text, ``(…, t, s)``
that in the body copied for the call at t. Sites are numbered alike by all back ends. Decisions map paths to
:class:`Action`; a path without one follows its last site, a site without one the compiler.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.ir import Path

if TYPE_CHECKING:
    from gymcc.envs.ocaml.backends.compiler import listing
    from gymcc.envs.ocaml.source import records

    Definition: TypeAlias = listing.Definition | records.Definition
    Site: TypeAlias = listing.Site | records.Site

__all__ = ["Action", "Backend", "Decisions", "Figures", "Path"]
Decisions: TypeAlias = Mapping[Path, Action]


class Figures(Protocol):
    """What decisions cost."""

    @property
    def cost(self) -> float:
        """In the back end's unit; lower is better."""

    @property
    def text(self) -> int:
        """Bytes of machine code."""

    @property
    def refused(self) -> frozenset[Path]:
        """What was to be inlined and was not, at least in one copy of the code around it."""


class Backend(Protocol):
    """One program and what compiles it."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """The calls, by number."""

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The functions that the program names, by number."""

    @property
    def baseline(self) -> Figures:
        """What no decisions cost."""

    @property
    def deterministic(self) -> bool:
        """Whether the same decisions always cost the same."""

    @property
    def unit(self) -> str:
        """Of costs."""

    def legal(self, path: Path) -> frozenset[Action]:
        """What can be decided for a path: DEFAULT alone where nothing can. Raises ValueError for what is no path."""

    def default(self, site: int) -> Action:
        """What the compiler does unasked, DEFAULT where that depends on the copy."""

    def children(self, path: Path) -> tuple[int, ...]:
        """The sites that inlining at the end of ``path`` copies and that can be decided on there."""

    def cost(self, decisions: Decisions) -> Figures:
        """What decisions cost. Raises :class:`gymcc.envs.core.problem.BackendError`."""

    def versions(self) -> dict[str, str]:
        """What costs depend on."""
