"""Refuses what OCaml's two native code generators evaluate in different orders.

Operands are evaluated from right to left. But ocamlopt keeps a reference that never escapes in a register and reads it
late, so that an assignment inside another operand may come first; it evaluates ``compare`` of numbers from left to
right; and its two middle ends differ on whether a function is loaded before or after its arguments are evaluated.
"""

from __future__ import annotations

from enum import Flag, auto
from functools import reduce
from operator import or_
from typing import Any

from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.numbering import children
from gymcc.envs.ocaml.frontend.syntax import Apply, AssignField, Expression, Fun, GetField, Name
from gymcc.envs.ocaml.frontend.typed import Typing


class Doing(Flag):
    """What evaluation does, functions' bodies aside."""

    NOTHING = 0
    READS_REFERENCE = auto()
    ASSIGNS_REFERENCE = auto()
    READS = auto()
    ACTS = auto()  # calls, writes or prints


_OF_BUILTINS = {"!": Doing.READS_REFERENCE | Doing.READS}
_OF_BUILTINS |= dict.fromkeys((":=", "incr", "decr"), Doing.ASSIGNS_REFERENCE | Doing.ACTS)
_OF_BUILTINS |= dict.fromkeys(("%array.get", "Array.get"), Doing.READS)
_ACTING = ("print_", "%array.set", "Array.set", "failwith", "invalid_arg")


class Order:
    """Checks the operands of one program."""

    def __init__(self, typing: Typing) -> None:
        self._typing = typing
        self._known: dict[Any, Doing] = {}

    def check_operands(self, operands: tuple[Expression, ...]) -> None:
        """Raise OcamlError where one operand assigns a reference and another reads one."""
        if len(operands) < 2:
            return
        done = [self.doing(operand) for operand in operands]
        for index, each in enumerate(done):
            others = reduce(or_, done[:index] + done[index + 1 :])
            if Doing.ASSIGNS_REFERENCE in each and Doing.READS_REFERENCE in others:
                message = "an operand assigns a reference and another reads one, in no certain order; use 'let' or ';'"
                raise OcamlError(message, operands[index].at)

    def check_compare(self, operands: tuple[Expression, ...]) -> None:
        """Raise OcamlError where both arguments of a ``compare`` of numbers do something."""
        if all(Doing.ACTS in self.doing(operand) for operand in operands):
            raise OcamlError("the arguments of compare have no certain order; bind them with 'let'", operands[0].at)

    def check_head(self, node: Apply) -> None:
        """Raise OcamlError where the function is read from memory while arguments may write there."""
        if Doing.READS in self.doing(node.function) and any(Doing.ACTS in self.doing(arg) for arg in node.args):
            raise OcamlError("the function is read and the arguments act in no certain order; use 'let'", node.at)

    def doing(self, node: Any) -> Doing:
        """What evaluating the expression does."""
        found = self._known.get(node) if not isinstance(node, tuple) else None
        if found is None:
            found = self._compute(node)
            if not isinstance(node, tuple):
                self._known[node] = found
        return found

    def _compute(self, node: Any) -> Doing:
        if isinstance(node, Fun):
            return Doing.NOTHING
        found = self._itself(node)
        for child in children(node):
            found |= self.doing(child)
        return found

    def _itself(self, node: Any) -> Doing:
        if isinstance(node, Apply):
            return self._application(node)
        if isinstance(node, AssignField):
            reference = self._typing.fields[node].name == "contents"
            return Doing.ACTS | (Doing.ASSIGNS_REFERENCE if reference else Doing.NOTHING)
        if isinstance(node, GetField) and self._typing.fields[node].mutable:
            reference = self._typing.fields[node].name == "contents"
            return Doing.READS | (Doing.READS_REFERENCE if reference else Doing.NOTHING)
        return Doing.NOTHING

    def _application(self, node: Apply) -> Doing:
        value = self._typing.names[node.function] if isinstance(node.function, Name) else None
        if not isinstance(value, Builtin):
            return Doing.ACTS
        acts = Doing.ACTS if value.name.startswith(_ACTING) else Doing.NOTHING
        return acts | _OF_BUILTINS.get(value.name, Doing.NOTHING)
