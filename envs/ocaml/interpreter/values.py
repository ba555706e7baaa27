"""What values are in the interpreter, and how OCaml compares them.

Immediates are ints (booleans may be bools), floats floats, strings str. A block is a tuple of its constructor's index
(0 for tuples and records) and its fields; so is a constant constructor, without fields. Records with mutable fields,
references among them, are lists of the same form; arrays are lists of their elements; functions are closures.
"""

from __future__ import annotations

from typing import Any

from gymcc.envs.ocaml.interpreter.arithmetic import float_compare
from gymcc.envs.ocaml.interpreter.errors import InvalidArgument


class Closure:
    """A function value: ``code(context, env, *args)``, which takes ``arity`` arguments; ``function`` is its number."""

    __slots__ = ("arity", "code", "env", "function")

    def __init__(self, code: Any, arity: int, env: Any, function: int) -> None:
        self.code, self.arity, self.env, self.function = code, arity, env, function


def order(a: Any, b: Any, total: bool) -> int | None:
    """Negative, 0 or positive as a < b, a = b or a > b by structure; without ``total``, None if a nan is met.

    Iterates, so that long lists need no stack. Raises InvalidArgument for functions.
    """
    todo = [(a, b)]
    while todo:
        a, b = todo.pop()
        if isinstance(a, tuple | list):
            found = _of_blocks(a, b, todo)
        elif isinstance(a, float):
            if not total and (a != a or b != b):
                return None
            found = float_compare(a, b)
        elif isinstance(a, Closure):
            raise InvalidArgument("compare: functional value")
        else:
            found = (a > b) - (a < b)
        if found:
            return found
    return 0


def _of_blocks(a: Any, b: Any, todo: list[tuple[Any, Any]]) -> int:
    """Order by size and constructor; fields of equal ones go to ``todo``."""
    if isinstance(a, tuple):
        constant = (len(b) == 1) - (len(a) == 1)
        if constant or a[0] != b[0]:
            return constant or (a[0] > b[0]) - (a[0] < b[0])
    elif len(a) != len(b):
        return (len(a) > len(b)) - (len(a) < len(b))
    todo.extend(zip(reversed(a), reversed(b), strict=True))
    return 0


def equal(a: Any, b: Any) -> bool:
    """``=``"""
    return order(a, b, False) == 0


def less(a: Any, b: Any) -> bool:
    """``<``"""
    found = order(a, b, False)
    return found is not None and found < 0


def less_equal(a: Any, b: Any) -> bool:
    """``<=``"""
    found = order(a, b, False)
    return found is not None and found <= 0


def compare(a: Any, b: Any) -> int:
    """``compare``"""
    return order(a, b, True) or 0


def same(a: Any, b: Any) -> bool:
    """``==`` of immediates and of what is mutable."""
    return a is b if isinstance(a, list) else bool(a == b)


def minimum(a: Any, b: Any) -> Any:
    """``min``"""
    return a if less_equal(a, b) else b


def maximum(a: Any, b: Any) -> Any:
    """``max``"""
    return a if less_equal(b, a) else b
