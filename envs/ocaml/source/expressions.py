"""Expressions taken apart as OCaml's typed syntax trees have them."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.ocaml.frontend.builtins import Builtin
from gymcc.envs.ocaml.frontend.expansive import uncurried
from gymcc.envs.ocaml.frontend.parse_blocks import MATCHED
from gymcc.envs.ocaml.frontend.syntax import (
    Apply,
    ArrayOf,
    AssignField,
    Both,
    Construct,
    Expression,
    ForDo,
    Fun,
    GetField,
    If,
    LetIn,
    ListOf,
    Literal,
    MatchCase,
    MatchWith,
    Name,
    RecordOf,
    Sequence,
    Tuple,
    Typed,
    WhileDo,
)
from gymcc.envs.ocaml.frontend.typed import Typing
from gymcc.envs.ocaml.frontend.types import ARROW, Constructed, prune

# Functions that OCaml's library writes in OCaml; the others are primitives of the compiler or of C.
_WRITTEN = """
abs lnot min max Array.copy ^ String.sub String.make string_of_int string_of_float string_of_bool Char.chr char_of_int
print_int print_char print_string print_endline print_float print_newline failwith invalid_arg
"""
WRITTEN = frozenset(_WRITTEN.split())


@dataclass(frozen=True, slots=True)
class Lambda:
    """A function: how many parameters it takes at once, its guards and results, and whether cases choose between."""

    arity: int
    bodies: tuple[Expression, ...]
    branching: bool


def function_of(node: Fun) -> Lambda:
    """Directly nested functions are one, as in closure conversion; ``function`` with several cases ends them."""
    arity = len(node.params)
    if not _by_cases(node):
        inner = uncurried(node.body)
        if not isinstance(inner, Fun):
            return Lambda(arity, (node.body,), False)
        rest = function_of(inner)
        return Lambda(arity + rest.arity, rest.bodies, rest.branching)
    assert isinstance(node.body, MatchWith)
    cases = node.body.cases
    inner = uncurried(cases[0].body)
    if len(cases) == 1 and cases[0].guard is None and isinstance(inner, Fun):
        rest = function_of(inner)
        return Lambda(1 + rest.arity, rest.bodies, rest.branching)
    return Lambda(arity, of_cases(cases), len(cases) > 1)


def _by_cases(node: Fun) -> bool:
    body = node.body
    return isinstance(body, MatchWith) and isinstance(body.of, Name) and body.of.name == MATCHED


def of_cases(cases: tuple[MatchCase, ...]) -> tuple[Expression, ...]:
    """Guards and results, in order."""
    return tuple(each for case in cases for each in (case.guard, case.body) if each is not None)


def parts(node: Expression, typing: Typing) -> tuple[Expression, ...]:
    """The expressions directly inside one, in the compiler's order; those of a function are its bodies."""
    match node:
        case Apply():
            return (node.function, *node.args)
        case Both():
            return (node.left, node.right)
        case Fun():
            return function_of(node).bodies
        case If():
            return (node.condition, node.then, *((node.otherwise,) if node.otherwise else ()))
        case MatchWith():
            return (node.of, *of_cases(node.cases))
        case Tuple() | ListOf() | ArrayOf() | Sequence():
            return node.items
        case Construct():
            return typing.arguments(node)
        case RecordOf():
            return _of_record(node, typing)
        case GetField():
            return (node.of,)
        case AssignField():
            return (node.of, node.value)
        case LetIn():
            return (*(binding.value for binding in node.bindings), node.body)
        case WhileDo():
            return (node.condition, node.body)
        case ForDo():
            return (node.first, node.last, node.body)
        case Typed():
            return (node.expression,)
        case _:
            return ()


def _of_record(node: RecordOf, typing: Typing) -> tuple[Expression, ...]:
    """By the order in which the type declares the fields, as the compiler keeps them."""
    indices = [field.index for field in typing.records[node]]
    values = [value for _, value in node.fields]
    ordered = [value for _, value in sorted(zip(indices, values, strict=True), key=lambda each: each[0])]
    return (*ordered, *((node.base,) if node.base else ()))


def is_primitive(head: Expression, typing: Typing) -> bool:
    """Whether an application of ``head`` is an operation of the compiler's own or a call of C."""
    value = typing.names[head] if isinstance(head, Name) else None
    return isinstance(value, Builtin) and value.name not in WRITTEN


def allocations(node: Expression) -> int:
    """How many blocks of the heap an expression itself makes."""
    match node:
        case Tuple() | RecordOf() | ArrayOf():
            return 1
        case Construct():
            return int(node.arg is not None)
        case ListOf():
            return len(node.items)
        case _:
            return 0


def is_constant(node: Expression) -> bool:
    """Whether the source says the value, constructors without arguments included."""
    node = uncurried(node)
    return isinstance(node, Literal) or (isinstance(node, Construct) and node.arg is None)


def is_variable(node: Expression) -> bool:
    """Whether it is a name."""
    return isinstance(uncurried(node), Name)


def is_functional(node: Expression, typing: Typing) -> bool:
    """Whether its value is a function, as far as its type says."""
    type_ = prune(typing.expressions[node])
    return isinstance(uncurried(node), Fun) or (isinstance(type_, Constructed) and type_.of is ARROW)


def makes(node: Expression) -> bool:
    """Whether an argument is made on the heap for the call: a block or a function."""
    node = uncurried(node)
    return allocations(node) > 0 or isinstance(node, Fun)
