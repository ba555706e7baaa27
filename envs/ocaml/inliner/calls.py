"""Calls in code being copied: what they call, and the copy of its body where that is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gymcc.envs.ocaml.inliner.opening import Offer, Opening
from gymcc.envs.ocaml.inliner.values import FunctionValue, PartialValue, learn
from gymcc.envs.ocaml.ir import Atom, Call, CallKind, Path, Variable

if TYPE_CHECKING:
    from gymcc.envs.ocaml.inliner.copying import Copier, Out, Place


class Calls:
    """The calls of one copier."""

    def __init__(self, copier: Copier) -> None:
        self._copier = copier

    def call(self, variable: Variable, operation: Call, place: Place, out: Out) -> None:
        """Append a call as it is at ``place``, or the body of what it calls."""
        function, args = place.atom(operation.function), place.atoms(operation.args)
        function, args, value = self._known(operation, function, args, place)
        kind = _kind(value, len(args), place)
        path = (*place.state.path, operation.site)
        if value is None:
            self._note(path, None, kind, "the function is unknown", False, place)
            self._emit(variable, operation, kind, function, args, place, out)
            return
        closed = self._closed(value, kind, path, place)
        inlined = not closed and self._copier.decide(self._offer(path, value, args, place))
        self._note(path, value.source.id, kind, closed, inlined, place)
        if inlined:
            self._inline(variable, operation.site, value, args, place, out)
            return
        bound = self._emit(variable, operation, kind, function, args, place, out)
        if kind is CallKind.PARTIAL and self._copier.sees(place):
            self._copier.known[bound] = self._copier.shared.values.partial(value, args, self._copier.known)

    def _known(
        self, operation: Call, function: Atom, args: tuple[Atom, ...], place: Place
    ) -> tuple[Atom, tuple[Atom, ...], FunctionValue | None]:
        """The function called, if known, and all of its arguments where some had been given before."""
        known = self._copier.known
        blind = operation.kind is CallKind.UNKNOWN and not self._copier.sees(place)
        value = known.get(function) if isinstance(function, int) and not blind else None
        if isinstance(value, FunctionValue):
            return function, args, value
        if isinstance(value, PartialValue) and len(value.args) + len(args) == len(value.of.source.params):
            for atom, of in zip(value.args, value.values, strict=True):
                learn(atom, of, known)
            return value.of.variable, value.args + args, value.of
        return function, args, None

    def _closed(self, value: FunctionValue, kind: CallKind, path: Path, place: Place) -> str:
        shared = self._copier.shared
        if kind is not CallKind.DIRECT:
            return _REASONS[kind]
        if path[-1] in shared.source.repeated:
            return "the guard that it stands in is tested in several places"
        if value.source.group in place.groups:
            return "the body of this recursive function is being copied already"
        if not shared.rules.closures and value.source.id in shared.source.closes:
            return "the body makes closures"
        if not shared.rules.closures and value.source.id in shared.source.dropped:
            return "the function is defined together with others and not small"
        if len(path) > shared.rules.depth:
            return f"the path is longer than {shared.rules.depth}"
        if self._copier.size > shared.rules.size:
            return f"the function around has more than {shared.rules.size} operations"
        return ""

    def _inline(
        self, variable: Variable, site: int, value: FunctionValue, args: tuple[Atom, ...], place: Place, out: Out
    ) -> None:
        copier, source = self._copier, value.source
        state = copier.shared.states.copied(place.state, site, source.id)
        copier.inlined.append(state)
        copier.known.update(value.group.known)
        names = dict(value.group.names)
        names.update((param.id, arg) for param, arg in zip(source.params, args, strict=True))
        groups = place.groups | copier.shared.source.around[source.id]
        inside = type(place)(state, names, groups, place.defining, source.id)
        copier.bindings(source.body.bindings, inside, out)
        place.names[variable.id] = inside.atom(source.body.result)

    def _offer(self, path: Path, value: FunctionValue, args: tuple[Atom, ...], place: Place) -> Offer:
        copier = self._copier
        top = place.state.root is copier.shared.states.main
        return Offer(path, value, args, copier.known, copier.branches, copier.loops, top, place.state)

    def _note(self, path: Path, callee: int | None, kind: CallKind, closed: str, inlined: bool, place: Place) -> None:
        copier = self._copier
        opening = Opening(path, callee, kind, closed, inlined, place.function, copier.branches, copier.loops)
        copier.openings.append(opening)

    def _emit(
        self,
        variable: Variable,
        operation: Call,
        kind: CallKind,
        function: Atom,
        args: tuple[Atom, ...],
        place: Place,
        out: Out,
    ) -> int:
        call = Call(operation.site, kind, function, args, place.state.path)
        return self._copier.emit(variable, call, place, out)


_REASONS = {
    CallKind.PARTIAL: "the application is partial",
    CallKind.SELF: "the function is being defined around the call",
    CallKind.OVER: "the application has more arguments than the function",
}


def _kind(value: FunctionValue | None, arguments: int, place: Place) -> CallKind:
    if value is None:
        return CallKind.UNKNOWN
    arity = len(value.source.params)
    if arguments < arity:
        return CallKind.PARTIAL
    if value.group in place.defining:
        return CallKind.SELF
    return CallKind.OVER if arguments > arity else CallKind.DIRECT
