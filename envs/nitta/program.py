"""A NITTA program: the functions of one algorithm, in source order."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.nitta.functions import Function
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType


@dataclass(frozen=True, slots=True)
class Program:
    """An algorithm as NITTA synthesises it.

    ``functions`` in source order (constants where they are first used, loops last); at the root of the synthesis tree
    they wait in the reverse order. ``source`` is the Lua text they came from, empty where there was none.
    """

    name: str
    functions: tuple[Function, ...]
    number_type: NumberType = DEFAULT_TYPE
    source: str = ""
