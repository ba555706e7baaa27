"""Random programs of the Lua subset as trees, their text, and an interpreter of the trees.

The interpreter is the oracle of the front end and of the evaluation: it knows environments and exact rational numbers
but neither functions nor variables of a data flow graph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

Tree = tuple  # ("number", text) | ("name", text) | (operator, *operands) | ("<<", operand, bits)
LEVELS = {
    op: level for level, ops in enumerate(("or", "and", "< <= > >= ==", "<< >>", "+ -", "* /")) for op in ops.split()
}
NAMES = ("u", "v", "w")


@dataclass(frozen=True)
class Lua:
    """A program: parameters with first values, statements, and the arguments of its call of itself.

    Statements: ("=", names, trees), ("divide", (name, name), tree, tree) and ("send", tree).
    """

    parameters: tuple[str, ...]
    first: tuple[str, ...]
    statements: tuple[tuple, ...]
    arguments: tuple[Tree, ...]

    def text(self, all_parentheses: bool) -> str:
        """Lua text with all parentheses, or with none that Lua's precedence makes superfluous."""

        def show(tree: Tree) -> str:
            return _text(tree, all_parentheses)

        lines = [f"function f({', '.join(self.parameters)})"]
        for kind, *parts in self.statements:
            if kind == "send":
                lines.append(f"send({show(parts[0])})")
            elif kind == "divide":
                division = show(("/", *parts[1:]))
                lines.append(f"local {', '.join(parts[0])} = {division}")
            else:
                lines.append(f"{', '.join(parts[0])} = {', '.join(map(show, parts[1]))}")
        lines += [f"f({', '.join(map(show, self.arguments))})", "end", f"f({', '.join(self.first)})"]
        return "\n".join(lines)


def _text(tree: Tree, full: bool) -> str:
    kind, *parts = tree
    if kind in ("number", "name"):
        return str(parts[0])
    if kind in ("neg", "not"):
        inner = _text(parts[0], full)
        bare = parts[0][0] in ("name", "receive", "buffer", "if_mux") and not full
        return ("-" if kind == "neg" else "not ") + (inner if bare else f"({inner})")
    if kind in ("<<", ">>"):
        return f"{_operand(parts[0], LEVELS[kind], full)} {kind} {parts[1]}"
    if kind in LEVELS:
        return f"{_operand(parts[0], LEVELS[kind], full)} {kind} {_right(parts[1], LEVELS[kind], full)}"
    return f"{kind}({', '.join(_text(part, full) for part in parts)})"


def _operand(tree: Tree, level: int, full: bool) -> str:
    """A left operand: groups to the left without parentheses."""
    text = _text(tree, full)
    return f"({text})" if tree[0] in LEVELS and (full or LEVELS[tree[0]] < level) else text


def _right(tree: Tree, level: int, full: bool) -> str:
    return _operand(tree, level + 1, full)


@dataclass
class Interpreter:
    """Runs a program on fxM.B; numbers are exact fractions that are wrapped after every operation."""

    integer_bits: int
    bits: int
    inbox: list[Fraction]

    def wrap(self, value: Fraction) -> Fraction:
        """Rounds down to the last place and drops the bits before the first."""
        half = Fraction(2) ** (self.integer_bits - 1)
        raw = math.floor(value * 2 ** (self.bits - self.integer_bits))
        return (Fraction(raw, 2 ** (self.bits - self.integer_bits)) + half) % (2 * half) - half

    def number(self, text: str) -> Fraction:
        scale = 2 ** (self.bits - self.integer_bits)
        return Fraction(round(Fraction(text) * scale), scale)

    def value(self, tree: Tree, names: dict[str, Fraction]) -> Fraction:
        kind, *parts = tree
        if kind == "number":
            return self.number(parts[0])
        if kind == "name":
            return names[parts[0]]
        if kind == "receive":
            return self.inbox.pop(0)
        if kind in ("<<", ">>"):
            return self.wrap(self.value(parts[0], names) * Fraction(2) ** (parts[1] if kind == "<<" else -parts[1]))
        operands = [self.value(part, names) for part in parts]
        if kind == "/":
            return self.divide(*operands)[0]
        return self.wrap(Fraction(OPERATIONS[kind](*operands)))

    def divide(self, numerator: Fraction, denominator: Fraction) -> tuple[Fraction, Fraction]:
        if denominator == 0:
            return Fraction(0), numerator
        quotient = math.trunc(numerator / denominator)
        return self.wrap(Fraction(quotient)), self.wrap(numerator - quotient * denominator)

    def iteration(self, lua: Lua, names: dict[str, Fraction]) -> tuple[list[Fraction], dict[str, Fraction]]:
        """What is sent, and the parameters of the next iteration."""
        names, sent = dict(names), []
        for kind, *parts in lua.statements:
            if kind == "send":
                sent.append(self.value(parts[0], names))
            elif kind == "divide":
                numerator, denominator = (self.value(part, names) for part in parts[1:])
                names |= dict(zip(parts[0], self.divide(numerator, denominator), strict=True))
            else:
                names |= dict(zip(parts[0], [self.value(part, names) for part in parts[1]], strict=True))
        return sent, dict(zip(lua.parameters, [self.value(a, names) for a in lua.arguments], strict=True))


OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "and": lambda a, b: a != 0 and b != 0,
    "or": lambda a, b: a != 0 or b != 0,
    "not": lambda a: a == 0,
    "neg": lambda a: -a,
    "buffer": lambda a: a,
    "if_mux": lambda c, a, b: a if c else b,
}
numbers = st.sampled_from(["0", "1", "2", "3", "-1", "-3", "0.5", "-2.5", "2.75", "1e1", "77"])


def trees(known: tuple[str, ...]) -> st.SearchStrategy[Tree]:
    """Expressions over the names that have a value."""
    leaves = st.tuples(st.just("number"), numbers) | st.just(("receive",))
    if known:
        leaves |= st.tuples(st.just("name"), st.sampled_from(known))

    def grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        binary = st.sampled_from(["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "and", "or"])
        return (
            st.tuples(binary, inner, inner)
            | st.tuples(st.sampled_from(["neg", "not", "buffer"]), inner)
            | st.tuples(st.sampled_from(["<<", ">>"]), inner, st.integers(0, 12))
            | st.tuples(st.just("if_mux"), inner, inner, inner)
        )

    return st.recursive(leaves, grow, max_leaves=6)


@st.composite
def programs(draw: st.DrawFn) -> Lua:
    """A program of the subset in which every name has a value before it is read."""
    parameters = draw(st.sampled_from([(), ("a",), ("a", "b")]))
    known, statements = parameters, []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["send", "send", "=", "=", "divide"]))
        if kind == "send":
            statements.append((kind, draw(trees(known))))
            continue
        targets = draw(st.lists(st.sampled_from([*NAMES, *parameters]), min_size=1, max_size=2, unique=True))
        if kind == "divide":
            targets = targets if len(targets) == 2 else [*targets, "z"]
            statements.append((kind, tuple(targets), draw(trees(known)), draw(trees(known))))
        else:
            statements.append((kind, tuple(targets), tuple(draw(trees(known)) for _ in targets)))
        known = tuple(dict.fromkeys((*known, *targets)))
    arguments = tuple(draw(trees(known)) for _ in parameters)
    return Lua(parameters, tuple(draw(numbers) for _ in parameters), tuple(statements), arguments)
