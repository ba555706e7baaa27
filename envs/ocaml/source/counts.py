"""How much of what there is in the body of a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.syntax import (
    Apply,
    Both,
    Expression,
    ForDo,
    Fun,
    If,
    ListOf,
    MatchWith,
    Sequence,
    WhileDo,
)
from gymcc.envs.ocaml.frontend.typed import Typing
from gymcc.envs.ocaml.source.expressions import allocations, is_primitive, parts
from gymcc.envs.ocaml.source.records import Counts


def counts_of(bodies: Iterable[Expression], typing: Typing) -> Counts:
    """Of all of them together, functions in them included."""
    found: Counter[str] = Counter()
    todo = list(bodies)
    while todo:
        node = uncurried(todo.pop())
        found["size"] += _nodes(node)
        found["allocations"] += allocations(node)
        found[_class(node, typing)] += 1
        todo += parts(node, typing)
    return Counts(
        found["size"],
        found["calls"],
        found["primitives"],
        found["loops"],
        found["closures"],
        found["allocations"],
        found["branches"],
        0,  # the subset has no exceptions
    )


def _nodes(node: Expression) -> int:
    """How many expressions of the compiler's a node stands for."""
    match node:
        case Both():
            return 2  # the operator is a name that is applied
        case Sequence():
            return len(node.items) - 1
        case ListOf():
            return len(node.items) + 1  # the cells and the empty list
        case _:
            return 1


def _class(node: Expression, typing: Typing) -> str:
    match node:
        case Apply():
            return "primitives" if is_primitive(node.function, typing) else "calls"
        case Both():
            return "primitives"
        case WhileDo() | ForDo():
            return "loops"
        case Fun():
            return "closures"
        case If() | MatchWith():
            return "branches"
        case _:
            return ""
