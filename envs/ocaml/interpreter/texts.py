"""Primitives as Python expressions and statements."""

from __future__ import annotations

from gymcc.envs.ocaml.interpreter.arithmetic import MAX_INT, MIN_INT
from gymcc.envs.ocaml.interpreter.runtime import PRINTS, python_name
from gymcc.envs.ocaml.ir import Constant, Prim, Scalar, Shape
from gymcc.envs.ocaml.primitives import Primitive

P = Primitive
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_INFIX = {P(f"{t}.{name}"): text for t in ("int", "float", "string") for name, text in _COMPARE.items()} | {
    P.INT_AND: "&",
    P.INT_OR: "|",
    P.INT_XOR: "^",
    P.FLOAT_ADD: "+",
    P.FLOAT_SUB: "-",
    P.FLOAT_MUL: "*",
    P.STRING_CONCAT: "+",
}
_PREFIX = {P.BOOL_NOT: "not ", P.FLOAT_NEG: "-", P.INT_NOT: "~"}
_WRAPPED = {P.INT_ADD: "+", P.INT_SUB: "-", P.INT_MUL: "*"}
_CALLS = {P.ARRAY_LENGTH: "len({})", P.ARRAY_COPY: "{}.copy()", P.STRING_LENGTH: "len({})", P.FLOAT_OF_INT: "float({})"}
FUSIBLE = frozenset(_INFIX) | frozenset(_PREFIX) | {P.ARRAY_LENGTH, P.STRING_LENGTH, P.FLOAT_OF_INT}
# What is short, pure and cannot fail, and so can be written where it is used


def constant(atom: Constant) -> str:
    """A literal."""
    value = atom.value
    if isinstance(value, Shape):
        return f"({value.index},)"
    text = repr(value)
    return f"({text})" if atom.scalar in (Scalar.INT, Scalar.FLOAT) and text.startswith("-") else text


def expression(prim: Prim, args: list[str]) -> str:
    """A primitive's value."""
    primitive = prim.primitive
    if primitive in _INFIX:
        return f"{args[0]} {_INFIX[primitive]} {args[1]}"
    if primitive in _PREFIX:
        return f"{_PREFIX[primitive]}{args[0]}"
    if primitive in _CALLS:
        return _CALLS[primitive].format(args[0])
    if primitive in PRINTS:
        return PRINTS[primitive].format(*args)
    if primitive is P.ARRAY_OF:
        return f"[{', '.join(args)}]"
    if primitive is P.ARRAY_GET:
        return f"{args[0]}[{args[1]}]"
    return f"{python_name(primitive)}({', '.join(args)})"


def statements(prim: Prim, args: list[str], result: str) -> list[str]:
    """Lines that leave a primitive's value in the variable ``result``, or drop it if that is empty."""
    primitive, target = prim.primitive, f"{result} = " if result else ""
    if primitive in (P.ARRAY_GET, P.ARRAY_SET):  # Python itself raises IndexError above the end
        negative = [] if args[1].isdigit() else [f"if {args[1]} < 0: raise IndexError"]
        access = f"{args[0]}[{args[1]}]"
        return [*negative, f"{target}{access}" if primitive is P.ARRAY_GET else f"{access} = {args[2]}"]
    if primitive in _WRAPPED:
        text = f"{args[0]} {_WRAPPED[primitive]} {args[1]}"
        overflow = f"if not {MIN_INT} <= {result} <= {MAX_INT}: {result} = wrap({result})"
        return [f"{result} = {text}", overflow] if result else []
    if primitive in (P.INT_DIV, P.INT_MOD) and args[1].isdigit() and int(args[1]) > 0:
        operator = "//" if primitive is P.INT_DIV else "%"
        text = f"{args[0]} {operator} {args[1]} if {args[0]} >= 0 else -(-{args[0]} {operator} {args[1]})"
        return [f"{target}{text}"]
    if primitive is P.INT_ASR and args[1].isdigit() and int(args[1]) <= 62:
        return [f"{target}{args[0]} >> {args[1]}"]
    return [f"{target}{expression(prim, args)}"]
