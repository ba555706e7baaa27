"""Refuses what OCaml's two native code generators evaluate in different orders.

Operands are evaluated from right to left. But ocamlopt keeps a reference that never escapes in a register and reads it
late, so that an assignment inside another operand may come first; it evaluates ``compare`` of numbers from left to
right; and its two middle ends differ on whether a function is loaded before or after its arguments are evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.numbering import children
from gymcc.envs.ocaml.frontend.scope import Value
from gymcc.envs.ocaml.frontend.syntax import Apply, AssignField, Expression, Fun, GetField, Name
from gymcc.envs.ocaml.frontend.typed import Typing


@dataclass(frozen=True, slots=True)
class Doing:
    """What evaluation does, functions' bodies aside.

    ``reads`` mutable memory; ``acts``: calls, writes or prints; references in variables that it reads and assigns.
    """

    reads: bool = False
    acts: bool = False
    loaded: frozenset[Value] = frozenset()
    assigned: frozenset[Value] = frozenset()

    def and_then(self, other: Doing) -> Doing:
        """Both."""
        if other is NOTHING:
            return self
        loaded, assigned = self.loaded | other.loaded, self.assigned | other.assigned
        return Doing(self.reads or other.reads, self.acts or other.acts, loaded, assigned)


NOTHING = Doing()
_ASSIGNING = (":=", "incr", "decr")
_ACTING = ("print_", "%array.set", "Array.set", "failwith", "invalid_arg", *_ASSIGNING)
_READING = ("!", "%array.get", "Array.get", "incr", "decr")


class Order:
    """Checks the operands of one program."""

    def __init__(self, typing: Typing) -> None:
        self._typing = typing
        self._known: dict[Any, Doing] = {}

    def check_operands(self, operands: tuple[Expression, ...]) -> None:
        """Raise OcamlError where one operand assigns a reference that another reads."""
        if len(operands) < 2:
            return
        done = [self.doing(operand) for operand in operands]
        for index, each in enumerate(done):
            others = done[:index] + done[index + 1 :]
            if any(each.assigned & other.loaded for other in others):
                message = "an operand assigns a reference that another reads, in no certain order; use 'let' or ';'"
                raise OcamlError(message, operands[index].at)

    def check_compare(self, operands: tuple[Expression, ...]) -> None:
        """Raise OcamlError where both arguments of a ``compare`` of numbers do something."""
        if all(self.doing(operand).acts for operand in operands):
            raise OcamlError("the arguments of compare have no certain order; bind them with 'let'", operands[0].at)

    def check_head(self, node: Apply) -> None:
        """Raise OcamlError where the function is read from memory while arguments may write there."""
        if self.doing(node.function).reads and any(self.doing(arg).acts for arg in node.args):
            raise OcamlError("the function is read and the arguments act in no certain order; use 'let'", node.at)

    def doing(self, node: Any) -> Doing:
        """What evaluating the expression does."""
        if isinstance(node, tuple):
            return self._all(node)
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = NOTHING if isinstance(node, Fun) else self._all(children(node), self._own(node))
        return found

    def _all(self, nodes: Any, done: Doing = NOTHING) -> Doing:
        for node in nodes:
            done = done.and_then(self.doing(node))
        return done

    def _own(self, node: Any) -> Doing:
        """What the node does besides its parts."""
        if isinstance(node, Apply):
            return self._application(node)
        if isinstance(node, AssignField):
            return Doing(acts=True, assigned=self._reference(node.of, node.field))
        if isinstance(node, GetField) and self._typing.fields[node].mutable:
            return Doing(reads=True, loaded=self._reference(node.of, node.field))
        return NOTHING

    def _application(self, node: Apply) -> Doing:
        value = self._typing.names[node.function] if isinstance(node.function, Name) else None
        if not isinstance(value, Builtin):
            return Doing(acts=True)
        name, on = value.name, self._reference(node.args[0])
        loaded, assigned = on if name in _READING else frozenset(), on if name in _ASSIGNING else frozenset()
        return Doing(name in _READING, name.startswith(_ACTING), loaded, assigned)

    def _reference(self, node: Expression, field: str = "contents") -> frozenset[Value]:
        value = self._typing.names[node] if isinstance(node, Name) else None
        return frozenset([value]) if isinstance(value, Value) and field == "contents" else frozenset()
