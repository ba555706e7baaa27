"""Random expressions of the subset as trees: their text, and an evaluator that knows nothing of the interpreter.

The evaluator is written from OCaml's manual: Python's integers reduced modulo 2**63, operands from right to left.
What a traced expression prints when it is evaluated shows the order.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
CASES = {"Zero": (), "One": ("int",), "Two": ("int", "bool")}
PRELUDE = """type shape = Zero | One of int | Two of int * bool
type point = { left : int; right : int }
let trace n x = print_int n; print_char ';'; x
let apply f x = f x
let rec sum l = match l with [] -> 0 | x :: t -> x + sum t
"""


class Division(Exception):
    """Of an integer by zero."""


@dataclass(frozen=True)
class Generated:
    """A program's text; what it prints, or None if it divides by zero."""

    source: str
    printed: str | None


def _wrapped(value):
    return int.from_bytes((value << 1 & (1 << 64) - 1).to_bytes(8, "little"), "little", signed=True) >> 1


def _quotient(a, b):
    if b == 0:
        raise Division
    sign = 1 if (a >= 0) == (b > 0) else -1
    return sign * (abs(a) // abs(b))


INTS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "mod": lambda a, b: a - b * _quotient(a, b),
    "land": operator.and_,
    "lor": operator.or_,
    "lxor": operator.xor,
}
COMPARISONS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@st.composite
def trees(draw, type_="int", depth=4):
    """A tree of the type, as nested tuples."""
    if depth == 0:
        return draw(_leaves(type_))
    below = depth - 1
    kind = draw(st.sampled_from(["leaf", "operator", "if", "let", "trace", "match", "call", "pair", "loop", "list"]))
    if kind == "operator":
        return draw(_operators(type_, below))
    if kind == "if":
        return ("if", draw(trees("bool", below)), draw(trees(type_, below)), draw(trees(type_, below)))
    if kind == "let":
        return ("let", draw(st.sampled_from(NAMES)), draw(trees("int", below)), draw(trees(type_, below)))
    if kind == "trace":
        return ("trace", draw(st.integers(0, 9)), draw(trees(type_, below)))
    if kind == "match":
        return draw(_matches(type_, below))
    if kind == "call":
        name = draw(st.sampled_from(NAMES))
        apply = draw(st.booleans())
        return ("call", name, draw(trees(type_, below)), draw(trees("int", below)), apply)
    if kind == "pair":
        return ("pair", draw(trees(type_, below)), draw(trees("int", below)), draw(st.booleans()))
    if kind == "loop" and type_ == "int":
        return ("loop", draw(st.integers(-1, 4)), draw(trees("int", below)))
    if kind == "list" and type_ == "int":
        return ("sum", tuple(draw(st.lists(trees("int", below), max_size=3))))
    return draw(_leaves(type_))


def _leaves(type_):
    if type_ == "bool":
        return st.booleans().map(lambda value: ("bool", value))
    edges = st.sampled_from([2**62 - 1, -(2**62), 2**31, -1, 0, 1])
    numbers = st.one_of(st.integers(-9, 9), edges).map(lambda value: ("int", value))
    return st.one_of(numbers, st.sampled_from(NAMES).map(lambda name: ("name", name)))


@st.composite
def _operators(draw, type_, below):
    if type_ == "int":
        return ("binary", draw(st.sampled_from(sorted(INTS))), draw(trees("int", below)), draw(trees("int", below)))
    symbol = draw(st.sampled_from([*sorted(COMPARISONS), "&&", "||", "not"]))
    if symbol == "not":
        return ("not", draw(trees("bool", below)))
    operand = "bool" if symbol in ("&&", "||") else "int"
    return ("binary", symbol, draw(trees(operand, below)), draw(trees(operand, below)))


@st.composite
def _matches(draw, type_, below):
    name = draw(st.sampled_from(sorted(CASES)))
    fields = tuple(draw(trees(field, below)) for field in CASES[name])
    guard = draw(trees("bool", below))
    return ("match", name, fields, guard, *(draw(trees(type_, below)) for _ in range(4)))


def text(tree):
    """The tree as OCaml."""
    match tree:
        case ("int", value):
            return f"({value})"
        case ("bool", value):
            return str(value).lower()
        case ("name", name):
            return name
        case ("binary", symbol, left, right):
            return f"({text(left)} {symbol} {text(right)})"
        case ("not", inner):
            return f"(not {text(inner)})"
        case ("if", condition, then, otherwise):
            return f"(if {text(condition)} then {text(then)} else {text(otherwise)})"
        case ("let", name, value, body):
            return f"(let {name} = {text(value)} in {text(body)})"
        case ("trace", number, inner):
            return f"(trace {number} (); {text(inner)})"
        case ("call", name, body, argument, True):
            return f"(apply (fun {name} -> {text(body)}) {text(argument)})"
        case ("call", name, body, argument, False):
            return f"(let f {name} = {text(body)} in f {text(argument)})"
        case ("pair", first, second, True):
            return f"(fst ({text(first)}, {text(second)}))"
        case ("pair", first, second, False):
            return f"(match {text(second)}, {text(first)} with (0, x) -> x | (_, x) -> x)"
        case ("loop", count, body):
            return f"(let r = ref 0 in for a = 0 to {count} do r := !r * 3 + {text(body)} done; !r)"
        case ("sum", items):
            return f"(sum [{'; '.join(text(item) for item in items)}])"
        case ("match", name, fields, guard, zero, guarded, one, two):
            of = f"{name} ({', '.join(text(field) for field in fields)})" if fields else name
            cases = f"Zero -> {text(zero)} | One a when {text(guard)} -> {text(guarded)}"
            return f"(match {of} with {cases} | One b | Two (b, true) -> {text(one)} | Two (_, false) -> {text(two)})"
    raise AssertionError(tree)


def value(tree, env, trace):
    """The tree's value; what it prints is appended to ``trace``."""

    def sub(inner, **more):
        return value(inner, {**env, **more}, trace)

    match tree:
        case ("int" | "bool", found):
            return found
        case ("name", name):
            return env[name]
        case ("binary", "&&", left, right):
            return sub(left) and sub(right)
        case ("binary", "||", left, right):
            return sub(left) or sub(right)
        case ("binary", symbol, left, right):
            second, first = sub(right), sub(left)
            return (
                COMPARISONS[symbol](first, second) if symbol in COMPARISONS else _wrapped(INTS[symbol](first, second))
            )
        case ("not", inner):
            return not sub(inner)
        case ("if", condition, then, otherwise):
            return sub(then) if sub(condition) else sub(otherwise)
        case ("let", name, inner, body):
            return sub(body, **{name: sub(inner)})
        case ("trace", number, inner):
            trace.append(f"{number};")
            return sub(inner)
        case ("call", name, body, argument, _):
            return sub(body, **{name: sub(argument)})
        case ("pair", first, second, tupled):
            if tupled:
                sub(second)
                return sub(first)
            found = sub(first)
            sub(second)
            return found
        case ("loop", count, body):
            total = 0
            for turn in range(count + 1):
                total = _wrapped(_wrapped(total * 3) + sub(body, a=turn))
            return total
        case ("sum", items):
            return _wrapped(sum([sub(item) for item in reversed(items)]))
        case ("match", *_):
            return _matched(tree, sub)
    raise AssertionError(tree)


def _matched(tree, sub):
    _, name, fields, guard, zero, guarded, one, two = tree
    values = [sub(field) for field in reversed(fields)][::-1]
    if name == "Zero":
        return sub(zero)
    if name == "One" and sub(guard, a=values[0]):
        return sub(guarded, a=values[0])
    if name == "One" or values[1]:
        return sub(one, b=values[0])
    return sub(two)


@st.composite
def programs(draw):
    """A program that prints an expression's value, and what its evaluation traces."""
    tree = draw(trees("int", draw(st.integers(1, 4))))
    start = dict(zip(NAMES, draw(st.tuples(*[st.integers(-20, 20)] * 3)), strict=True))
    trace = []
    try:
        found = value(tree, start, trace)
        printed = f"{''.join(trace)}{found}"
    except Division:
        printed = None
    names = " ".join(f"let {name} = ({number})" for name, number in start.items())
    return Generated(f"{PRELUDE}{names}\nlet () = print_int {text(tree)}\n", printed)
