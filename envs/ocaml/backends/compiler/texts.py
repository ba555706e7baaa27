"""Copies of functions with decisions of their own: which text a call stands in, and where a copy can stand.

Context () is the text of the program. Context ``(s1, …, sk)`` is the text of the copy of sk's callee that is called at
sk in the text ``(s1, …, s(k-1))`` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.ocaml.backends.compiler.listing import Definition, Listing, Path


@dataclass(frozen=True)
class Texts:
    """Where functions and their copies stand."""

    listing: Listing

    def home(self, definition: Definition, context: Path) -> Path:
        """The text in which the function stands that a call in the text ``context`` means."""
        while context:
            function = self._copied(context)
            if function.id in definition.inside:
                return context
            context = self.home(function, context[:-1])
        return ()

    def can_copy(self, path: Path) -> bool:
        """Whether the call at the end of ``path`` may be of a copy of its own.

        A copy stands beside its function; beside recursive ones it comes after all of them, and they cannot name it.
        """
        context, site = path[:-1], self.listing.sites[path[-1]]
        definition = self.listing.callee(site.id)
        if definition is None or not definition.cloneable:
            return False
        if len(path) > 1 and not self.can_copy(context):
            return False
        return not self._among(site.inside, context, definition, self.home(definition, context))

    def children(self, path: Path) -> tuple[int, ...]:
        """The sites in the body of the function called at the end of ``path`` if they can be decided on there."""
        definition = self.listing.callee(path[-1])
        return self.listing.within(definition.id) if definition is not None and self.can_copy(path) else ()

    def _copied(self, context: Path) -> Definition:
        definition = self.listing.callee(context[-1])
        assert definition is not None
        return definition

    def _among(self, inside: tuple[int, ...], context: Path, definition: Definition, home: Path) -> bool:
        """Whether what is ``inside`` functions of the text ``context`` is inside the group of ``definition``."""
        while True:
            if context == home and any(self.listing.definitions[i].group == definition.group for i in inside):
                return True
            if not context:
                return False
            function = self._copied(context)
            inside, context = function.inside, self.home(function, context[:-1])
