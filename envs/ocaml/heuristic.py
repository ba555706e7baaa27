"""What ocamlopt inlines unasked, as decisions on the tree of paths: the rules of its two middle ends.

Flambda tries a call: it simplifies the body in place of the call and inlines it if what that saves makes up for the
size. Closure mode keeps the bodies that are small and define no functions, and copies those for every direct call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from gymcc.envs.ocaml.inliner.copying import Copier, Shared
from gymcc.envs.ocaml.inliner.decisions import Paths
from gymcc.envs.ocaml.inliner.opening import Decide, Offer
from gymcc.envs.ocaml.inliner.preview import copied, declared
from gymcc.envs.ocaml.inliner.session import Session
from gymcc.envs.ocaml.inliner.sizes import DIRECT, KEPT, anatomy, size, small
from gymcc.envs.ocaml.inliner.states import State
from gymcc.envs.ocaml.inliner.values import FunctionValue
from gymcc.envs.ocaml.ir import Binding, Constant, Path

SCALE = 8  # of Flambda's thresholds: Inlining_cost.scale_inline_threshold_by


@dataclass(frozen=True, slots=True)
class FlambdaRule:
    """``-inline``, ``-inline-toplevel``, ``-inline-max-depth``, ``-inline-branch-factor`` and what is saved is worth.

    The defaults are those without ``-O``.
    """

    threshold: int = 10
    toplevel: int = 160
    depth: int = 1
    branch_factor: float = 0.1
    call: int = 5
    alloc: int = 7
    prim: int = 3
    branch: int = 5
    indirect: int = 4

    def benefit(self, removed: Counter[str]) -> int:
        """What removing operations is worth."""
        worth = {"call": self.call, "alloc": self.alloc, "prim": self.prim, "branch": self.branch}
        return sum(times * ({**worth, "indirect": self.indirect}[what]) for what, times in removed.items())


_FIRST = FlambdaRule()
_SECOND = FlambdaRule(25, 400, 2, 0.1, 10, 14, 6, 10, 8)
_THIRD = FlambdaRule(50, 800, 3, 0.0, 15, 21, 9, 15, 12)
O1, O2, O3 = (_FIRST,), (_FIRST, _SECOND), (_FIRST, _SECOND, _THIRD)  # a rule for each round (``Clflags``)


def flambda(session: Session, rounds: Sequence[FlambdaRule] = O1) -> Paths:
    """What Flambda inlines by default; each round goes over what the one before it has made."""
    found = Paths(frozenset())
    for rule in rounds:
        found = _decisions(session, _Flambda(session.shared, rule, found.inline))
    return found


def closure(session: Session, threshold: int = KEPT) -> Paths:
    """What closure mode inlines by default: bodies of at most ``threshold`` and one for each parameter.

    That of ``-inline X`` is 8 X, that without 10 (``Clflags.default_inline_threshold``).
    """
    return _decisions(session, _Closure(session.shared, threshold))


def default(session: Session) -> Paths:
    """What the middle end whose rules the session has inlines by default."""
    return flambda(session) if session.rules.arguments else closure(session)


def _decisions(session: Session, decide: Decide) -> Paths:
    residual = session.decided(decide)
    openings = chain(residual.openings, *(unit.openings for unit in residual.dropped))
    return Paths(frozenset(each.path for each in openings if each.inlined))


@dataclass(frozen=True, slots=True)
class _Declared:
    """A function's code under the rule, and the paths in it, from its own body, at which calls were inlined."""

    body: tuple[Binding, ...] = ()
    inlined: frozenset[Path] = frozenset()


class _Flambda:
    """What was inlined in a function's own code is so in its copies; beyond that, each copy is looked at anew.

    ``before``: what earlier rounds have inlined, which is code like any other now.
    """

    def __init__(self, shared: Shared, rule: FlambdaRule, before: frozenset[Path]) -> None:
        self._shared = shared
        self._rule = rule
        self._before = before
        self._declared: dict[int, _Declared] = {}

    def __call__(self, offer: Offer) -> bool:
        if self._inherited(offer.state, offer.path):
            return True
        if self._level(offer.state) >= self._rule.depth or offer.value.group.recursive:
            return False
        before = self._code(offer.value).body
        top = offer.top and not offer.branches and not offer.loops
        if not top and not any(isinstance(arg, Constant) or arg in offer.known for arg in offer.args):
            return self._pays(before, before, offer, False)
        return self._pays(before, copied(self._shared, offer, self._as_declared), offer, top)

    def _pays(self, before: tuple[Binding, ...], after: tuple[Binding, ...], offer: Offer, top: bool) -> bool:
        rule = self._rule
        removed = anatomy(before)
        removed.subtract(anatomy(after))
        removed["call"] += 1
        saved = rule.benefit(removed) / (1 + rule.branch_factor * offer.branches)
        new = size(after, closures=True)
        return new <= SCALE * (rule.toplevel if top else rule.threshold) and new - saved <= DIRECT

    def _as_declared(self, offer: Offer) -> bool:
        return self._inherited(offer.state, offer.path)

    def _inherited(self, state: State, path: Path) -> bool:
        """Whether the call was inlined in the own code of a function whose copy it stands in, or in another round."""
        if path in self._before:
            return True
        each: State | None = state
        while each is not None and not each.declared:
            if path[len(each.path) :] in self._declared.get(each.function, _Declared()).inlined:
                return True
            each = each.parent
        return False

    def _level(self, state: State) -> int:
        """How many copies are around that were not in functions' own code."""
        level = 0
        each: State | None = state
        while each is not None and each.parent is not None:
            level += not each.declared and not self._inherited(each.parent, each.path)
            each = each.parent
        return level

    def _code(self, value: FunctionValue) -> _Declared:
        if value.source.id not in self._declared:
            for each in value.group.functions:
                self._declared[each.source.id] = _Declared()
            copier = Copier(self._shared, self)
            functions = declared(self._shared, value.group, copier).functions
            depth = len(value.group.state.path)
            paths = {each.path[depth:] for each in copier.openings if each.inlined}
            sites = self._shared.source.program.sites
            for function in functions:
                own = frozenset(path for path in paths if sites[path[0]].caller == function.id)
                self._declared[function.id] = _Declared(function.body.bindings, own)
        return self._declared[value.source.id]


class _Closure:
    """``inlinable``: whether a function's body is kept, by function; bodies are measured with their own copies in."""

    def __init__(self, shared: Shared, threshold: int) -> None:
        self._shared = shared
        self._threshold = threshold
        self._kept: dict[int, bool] = {}

    def __call__(self, offer: Offer) -> bool:
        group = offer.value.group
        if offer.value.source.id not in self._kept:
            for function in declared(self._shared, group, Copier(self._shared, self)).functions:
                self._kept[function.id] = small(function, self._threshold, self._shared.source.fields)
        return self._kept[offer.value.source.id]


__all__ = ["O1", "O2", "O3", "FlambdaRule", "closure", "default", "flambda"]
