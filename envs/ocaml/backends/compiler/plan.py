"""From decisions to what is to be rewritten: attributes on calls and functions, and copies of functions.

A call gets ``[@inlined]`` or ``[@inlined never]``. Closure mode inlines only functions whose body was kept, which
``[@inline]`` on the definition asks for; then all other calls of that function say what they would have done by
default. Calls of a local function become jumps where all of them can, whatever they say, unless ``[@local never]`` on
its definition says more. Where the decisions on paths below a call differ from those on the callee's own sites, the
call goes to a copy of the callee, marked inside as decided. The text of a plan is described in ``tool/plan.ml``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gymcc.envs.ocaml.backends.compiler.decisions import Action, Decided, Decisions
from gymcc.envs.ocaml.backends.compiler.listing import Definition, Listing, Path, Site
from gymcc.envs.ocaml.backends.compiler.program import Program
from gymcc.envs.ocaml.backends.compiler.texts import Texts

ATTRIBUTE = {Action.DEFAULT: "-", Action.INLINE: "always", Action.NEVER: "never"}
_Place: TypeAlias = tuple[Path, int]  # a text and a definition in it
_WORD = re.compile(r"[a-z_][A-Za-z0-9_']*")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a function, for the call at the end of ``path``."""

    path: Path
    definition: Definition
    name: str
    number: int  # its context's in the plan


@dataclass(frozen=True, slots=True)
class Plan:
    """What the tool is told, and what it makes."""

    text: str
    copies: tuple[Copy, ...]  # those called before those that call them

    def contexts(self) -> dict[int, Path]:
        """The texts by their numbers."""
        return {0: (), **{copy.number: copy.path for copy in self.copies}}


@dataclass
class _Call:
    site: Site
    context: Path
    action: Action
    copy: Copy | None


@dataclass
class Planner:
    """Makes plans for one program; ``inlined`` says which sites closure mode inlines by default, None for Flambda."""

    program: Program
    listing: Listing
    inlined: frozenset[int] | None
    texts: Texts = field(init=False)

    def __post_init__(self) -> None:
        self.texts = Texts(self.listing)

    def plan(self, decisions: Decisions) -> Plan:
        """What ``decisions`` ask for; what cannot be done for want of a copy is done as for the site itself."""
        decided = Decided(decisions)
        copies: list[Copy] = []
        calls = list(self._calls(decided, decided.special(), (), range(len(self.listing.sites)), copies))
        kept = self._kept(calls)
        numbers = {(): 0, **{copy.path: copy.number for copy in copies}}
        lines = [*self._heads(calls, kept, numbers), *self._marks(calls, kept, numbers), *self._copies(copies, numbers)]
        return Plan("".join(f"{line}\n" for line in lines), tuple(copies))

    def _calls(
        self, decided: Decided, special: frozenset[Path], context: Path, sites: Iterable[int], copies: list[Copy]
    ) -> Iterator[_Call]:
        """The calls in a text and in the texts of the copies that it calls."""
        for number in sites:
            path = (*context, number)
            action = decided.at(path)
            copy = None
            if path in special and action is Action.INLINE and self.texts.can_copy(path):
                definition = self.listing.callee(number)
                assert definition is not None
                yield from self._calls(decided, special, path, self.listing.within(definition.id), copies)
                copy = _copy(path, definition, len(copies) + 1)
                copies.append(copy)
            yield _Call(self.listing.sites[number], context, action, copy)

    def _kept(self, calls: list[_Call]) -> dict[_Place, None]:
        """The functions whose bodies closure mode has to keep, in the order of their calls."""
        if self.inlined is None:
            return {}
        inlined, other = self.inlined, self._other(calls, self.inlined)
        wanted = [(call.site.id, self._place(call)) for call in calls if call.action is Action.INLINE and not call.copy]
        return dict.fromkeys(place for site, place in wanted if place and (site not in inlined or place in other))

    def _other(self, calls: Sequence[_Call], inlined: Container[int]) -> set[_Place]:
        """The functions whose bodies become others than by default: they may be too large to be inlined unasked.

        Where it can be done without, ``[@inline]`` is not written: it keeps local functions from becoming jumps.
        """

        def differs(call: _Call) -> bool:
            by_default = Action.INLINE if call.site.id in inlined else Action.NEVER
            return call.copy is not None or call.action not in (Action.DEFAULT, by_default)

        other: set[_Place] = set()
        more = True
        while more:
            found = {
                (self.texts.home(self.listing.definitions[around], call.context), around)
                for call in calls
                if differs(call) or self._place(call) in other
                for around in call.site.inside
            }
            more = not found <= other
            other |= found
        return other

    def _place(self, call: _Call) -> _Place | None:
        definition = self.listing.callee(call.site.id)
        return None if definition is None else (self.texts.home(definition, call.context), definition.id)

    def _heads(self, calls: list[_Call], kept: Container[_Place | None], numbers: Mapping[Path, int]) -> Iterator[str]:
        for call in calls:
            action = call.action
            if action is Action.DEFAULT and self.inlined is not None and self._place(call) in kept:
                action = Action.INLINE if call.site.id in self.inlined else Action.NEVER
            if action is not Action.DEFAULT:
                name = call.copy.name if call.copy else "-"
                yield _line("head", numbers[call.context], call.site.file, *call.site.head, ATTRIBUTE[action], name)

    def _marks(self, calls: Iterable[_Call], kept: Iterable[_Place], numbers: Mapping[Path, int]) -> Iterator[str]:
        never = [self._place(call) for call in calls if call.action is Action.NEVER]
        called = [place for place in dict.fromkeys(never) if place and not self.listing.definitions[place[1]].top]
        for mark, places in (("inline\talways", kept), ("local\tnever", called)):
            for home, number in places:
                definition = self.listing.definitions[number]
                yield _line("mark", numbers[home], definition.file, definition.offset, mark)

    def kept(self, definitions: Iterable[Definition]) -> str:
        """What to add to a plan for the bodies of functions to be kept that its own calls do not want."""
        marks = (_line("mark", 0, each.file, each.offset, "inline\talways") for each in definitions)
        return "".join(f"{mark}\n" for mark in marks)

    def _copies(self, copies: Iterable[Copy], numbers: Mapping[Path, int]) -> Iterator[str]:
        for copy in copies:
            definition = copy.definition
            home = numbers[self.texts.home(definition, copy.path[:-1])]
            keep = int(self.inlined is not None)
            yield _line("clone", home, definition.file, definition.offset, copy.name, copy.number, keep)
            if home == 0 and definition.exported and self.program.has_interface(definition.file):
                yield _line("value", f"{definition.file}i", definition.name, copy.name)


def _copy(path: Path, definition: Definition, number: int) -> Copy:
    stem = definition.name if _WORD.fullmatch(definition.name) else "operator"
    return Copy(path, definition, f"{stem}__gymcc{number}", number)


def _line(*words: object) -> str:
    return "\t".join(str(word) for word in words)
