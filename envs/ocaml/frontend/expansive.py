"""The value restriction: which expressions compute nothing, so that their type can be generalised."""

from __future__ import annotations

from gymcc.envs.ocaml.frontend.syntax import (
    Both,
    Construct,
    Expression,
    Fun,
    GetField,
    If,
    LetIn,
    ListOf,
    Literal,
    MatchWith,
    Name,
    RecordOf,
    Sequence,
    Tuple,
    Typed,
)
from gymcc.envs.ocaml.frontend.typed import Typing


def uncurried(node: Expression) -> Expression:
    """The expression behind type annotations."""
    while isinstance(node, Typed):
        node = node.expression
    return node


def expansive(node: Expression, typing: Typing) -> bool:
    """Whether evaluation may create something mutable; OCaml's rule."""
    match node:
        case Fun() | Literal() | Name():
            return False
        case Typed():
            return expansive(node.expression, typing)
        case Tuple() | ListOf():
            return any(expansive(item, typing) for item in node.items)
        case Construct():
            return node.arg is not None and expansive(node.arg, typing)
        case RecordOf():
            mutable = any(field.mutable for field in typing.records[node][0].of.fields)
            values = [value for _, value in node.fields] + ([node.base] if node.base else [])
            return mutable or any(expansive(value, typing) for value in values)
        case GetField():
            return expansive(node.of, typing)
        case If():
            return expansive(node.then, typing) or (node.otherwise is not None and expansive(node.otherwise, typing))
        case MatchWith():
            return expansive(node.of, typing) or any(case.guard or expansive(case.body, typing) for case in node.cases)
        case LetIn():
            return any(expansive(each.value, typing) for each in node.bindings) or expansive(node.body, typing)
        case Sequence():
            return expansive(node.items[-1], typing)
        case Both():
            return expansive(node.left, typing) or expansive(node.right, typing)
        case _:
            return True
