"""The Lua front end: source text to a :class:`Program`, as NITTA's own front end translates it.

A program is one function and one call of it with numbers. The function's call of itself turns each parameter into a
loop, whose first value is the number. Statements: (local) assignment, also of several names at once, ``q, r = x / y``
(quotient and remainder), ``send(x)``, ``debug.trace(...)`` (ignored), ``return ...`` (ignored). Expressions: numbers,
names, ``+ - * /``, ``<<`` and ``>>`` by a literal, ``== < <= > >=``, ``and or not``, ``receive()``, ``buffer(x)``,
``brokenBuffer(x)``, ``if_mux(condition, a, b)``. Names of variables: :mod:`gymcc.envs.nitta.frontend.names`.
"""

from __future__ import annotations

from gymcc.envs.nitta.frontend.errors import LuaError
from gymcc.envs.nitta.frontend.lowering import lower
from gymcc.envs.nitta.frontend.parser import parse
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.program import Program

__all__ = ["LuaError", "compile_lua"]


def compile_lua(source: str, name: str = "program", number_type: NumberType = DEFAULT_TYPE) -> Program:
    """The program that a Lua source describes; raises LuaError with line, column and what is allowed."""
    return Program(name, lower(parse(source), number_type), number_type, source)
