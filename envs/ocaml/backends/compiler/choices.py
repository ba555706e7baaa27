"""What can be decided about the calls of a program or a file: what the source lists and the compiler heeds."""

from __future__ import annotations

from itertools import pairwise

from gymcc.envs.ocaml.backends.compiler.decisions import Action
from gymcc.envs.ocaml.backends.compiler.features import features
from gymcc.envs.ocaml.backends.compiler.listing import Definition, Kind, Listing, Path, Site
from gymcc.envs.ocaml.backends.compiler.plan import Planner
from gymcc.envs.ocaml.backends.compiler.survey import Survey

NOTHING: frozenset[Action] = frozenset({Action.DEFAULT})


class Choices:
    """The decisions that a compiler takes. Raises ValueError for paths that are none."""

    name: str  # of the program or file
    flambda: bool
    listing: Listing
    survey: Survey
    planner: Planner

    @property
    def sites(self) -> tuple[Site, ...]:
        """The calls of the program, file by file, in the order in which the called functions stand there."""
        return self.listing.sites

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The functions that the program names."""
        return self.listing.definitions

    def legal(self, path: Path) -> frozenset[Action]:
        """What can be decided for a path: DEFAULT alone where nothing can.

        Closure mode has no default of its own beside the other two where it can inline: {INLINE, NEVER}.
        """
        self.check_path(path)
        if not self._can_inline(path):
            return NOTHING
        both = frozenset({Action.INLINE, Action.NEVER})
        return both | NOTHING if self.flambda else both

    def default(self, site: int) -> Action:
        """What closure mode does unasked; DEFAULT for Flambda, which decides anew in every copy."""
        if self.flambda:
            return Action.DEFAULT
        return Action.INLINE if site in self.survey.inlined else Action.NEVER

    def features(self, site: int) -> tuple[float, ...]:
        """What the source says about a site, one number for each of :data:`FEATURES`."""
        return features(self.listing, site)

    def children(self, path: Path) -> tuple[int, ...]:
        """The sites that inlining at the end of ``path`` copies and that can be decided on there."""
        self.check_path(path)
        return self.planner.texts.children(path)

    def check_path(self, path: Path) -> None:
        """Raise ValueError where ``path`` is none."""
        if not path or not all(0 <= site < len(self.sites) for site in path):
            raise ValueError(f"{path} is no path of sites; {self.name} has sites 0 to {len(self.sites) - 1}")
        for outer, inner in pairwise(path):
            callee = self.listing.callee(outer)
            if callee is None or inner not in self.listing.within(callee.id):
                raise ValueError(f"{path} is no path: {self.sites[inner]} is not in what {self.sites[outer]} calls")

    def _can_inline(self, path: Path) -> bool:
        texts, site = self.planner.texts, self.sites[path[-1]]
        if len(path) == 1:
            return site.id in self.survey.inlinable
        if not texts.can_copy(path[:-1]):
            return False
        if site.kind is not Kind.SELF:
            return site.id in self.survey.inlinable
        others = (other.id for other in self.sites if other.callee == site.callee)
        return texts.can_copy(path) and not self.survey.inlinable.isdisjoint(others)
