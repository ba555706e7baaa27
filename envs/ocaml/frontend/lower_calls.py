"""Names and applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gymcc.envs.ocaml.frontend.builder import Builder
from gymcc.envs.ocaml.frontend.builtins import CONSTANTS, Builtin
from gymcc.envs.ocaml.frontend.lower_library import Library, compared_kind, signature
from gymcc.envs.ocaml.frontend.syntax import Apply, Name
from gymcc.envs.ocaml.ir import Atom, Call, Site
from gymcc.envs.ocaml.primitives import Kind

if TYPE_CHECKING:
    from gymcc.envs.ocaml.frontend.lowering import Lowering


class Calls:
    """Lowers names and applications; ``sites`` are the call sites met."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self.sites: dict[int, Site] = {}

    def name(self, node: Name, out: Builder) -> Atom:
        """A variable, a constant of the library, or a function of it as a value."""
        value = self._lowering.typing.names[node]
        if not isinstance(value, Builtin):
            return self._lowering.atoms[value]
        if not value.arity:
            return CONSTANTS[value.name]
        return self._lowering.functions.library(node, value, (), out)

    def apply(self, node: Apply, out: Builder, name: str) -> Atom:
        """A library function's work, or a call."""
        lowering, head = self._lowering, node.function
        value = lowering.typing.names[head] if isinstance(head, Name) else None
        if isinstance(value, Builtin) and isinstance(head, Name):
            return self._library(node, head, value, out, name)
        lowering.order.check_head(node)
        args = lowering.operands(node.args, out)
        function = lowering.expression(head, out)
        return out.let(lowering.kind_of(node), self._call(node, function, args), name)

    def _library(self, node: Apply, head: Name, builtin: Builtin, out: Builder, name: str) -> Atom:
        lowering = self._lowering
        type_ = lowering.typing.expressions[head]
        if builtin.name == "compare" and compared_kind(signature(type_, 1)[0][0]) in (Kind.INT, Kind.FLOAT):
            lowering.order.check_compare(node.args)
        args = lowering.operands(node.args, out)
        if len(args) < builtin.arity:
            return lowering.functions.library(head, builtin, args, out)
        return Library(builtin, type_, node.at, out, name).apply(args)

    def _call(self, node: Apply, function: Atom, args: tuple[Atom, ...]) -> Call:
        functions = self._lowering.functions
        call_kind, callee = functions.call(function, len(args))
        site = self._lowering.numbering.sites[node]
        self.sites[site] = Site(site, node.at, node.start, call_kind, functions.current, callee, len(args))
        return Call(site, call_kind, function, args)
