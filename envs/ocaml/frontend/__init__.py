"""OCaml source to the intermediate representation: ``parse_program(source, name)``.

The subset
    Definitions ``let``, ``let rec … and …``, ``type`` (aliases, variants, records, with parameters) and
    ``module M = struct … end`` without signature. Expressions: constants, names with their module's path, ``fun``,
    ``function``, application (partial and over-application too), ``if``, ``match`` with guards and or-patterns,
    ``let … in``, ``;``, tuples, lists, arrays ``[|…|]``, records and ``{r with …}``, ``while``, ``for``, ``&&``,
    ``||``, operators, also of your own, type annotations. Types are Hindley and Milner's with OCaml's value
    restriction. The library is that of ``builtins``: numbers, comparisons, references, arrays, strings, printing,
    ``failwith``. There are no exceptions, objects, labels, polymorphic variants, functors, signatures, lazy values or
    GADTs: functors are written as functions over records of functions.

An applied function is a name or a field; others are bound by ``let`` first, so that call sites are the applications
that the compiler's typed tree has. Functions have at most ten parameters. Evaluation order is ocamlopt's; where its two
middle ends differ, the program is refused (``order``). So are cases of a match that nothing reaches, and what OCaml
only warns of: definitions by ``let`` that may not fit, and values that are not ``()`` before ``;`` or in a loop.
"""

from __future__ import annotations

from gymcc.envs.ocaml.deep import recursion
from gymcc.envs.ocaml.frontend.errors import OcamlError
from gymcc.envs.ocaml.frontend.infer import infer
from gymcc.envs.ocaml.frontend.lowering import lower
from gymcc.envs.ocaml.frontend.parser import parse
from gymcc.envs.ocaml.ir import Position, Program

__all__ = ["OcamlError", "parse_program"]
_FRAMES = 60_000  # the parser nests at most 4,000 levels deep, each a handful of calls


def parse_program(source: str, name: str) -> Program:
    """The program; raises OcamlError with line and column for what is no program of the subset."""
    try:
        with recursion(_FRAMES):
            items = parse(source)
            return lower(items, infer(items), name)
    except RecursionError:
        raise OcamlError("definitions are nested too deep", Position(1, 0)) from None
