"""What the code of a program calls while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from gymcc.envs.ocaml.interpreter import values
from gymcc.envs.ocaml.interpreter.arithmetic import FOLDS, wrap
from gymcc.envs.ocaml.interpreter.contexts import Context
from gymcc.envs.ocaml.interpreter.errors import Failure, InvalidArgument, MatchFailure, TooManyContexts
from gymcc.envs.ocaml.interpreter.values import Closure
from gymcc.envs.ocaml.primitives import Primitive

TAIL = object()  # what a function returns instead of doing its last call, which is then in the register
MAX_ARRAY = 10_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """``fuel``: activations of functions that call, and turns of loops. ``frames``: calls inside each other."""

    fuel: int
    frames: int
    depth: int
    repeats: int
    contexts: int


@dataclass(slots=True)
class Machine:
    """One run. ``templates``: for each function what a fresh context's cells hold; ``ids`` the functions' ids.

    A context at run time is a list: its :class:`Context`, then counters, and contexts of callees by call: one, or a
    dictionary by function where the call does not say which.
    """

    limits: Limits
    templates: list[tuple[Any, ...]]
    ids: list[int]
    printed: list[str] = field(default_factory=list)
    contexts: dict[tuple[Context, int], list[Any]] = field(default_factory=dict)
    register: list[tuple[Any, ...]] = field(default_factory=lambda: [()])

    def context(self, context: Context, number: int) -> list[Any]:
        """The cells of function ``number`` in a context."""
        cells = self.contexts.get((context, number))
        if cells is None:
            if len(self.contexts) >= self.limits.contexts:
                raise TooManyContexts(f"more than {self.limits.contexts} calling contexts; allow less depth")
            cells = [context, *({} if cell == {} else cell for cell in self.templates[number])]
            self.contexts[context, number] = cells
        return cells

    def _called(self, cells: list[Any], site: int, number: int) -> list[Any]:
        context: Context = cells[0]
        return self.context(context.called(site, self.ids[number], self.limits.depth, self.limits.repeats), number)

    def enter(self, cells: list[Any], cell: int, site: int, number: int) -> list[Any]:
        """The callee's context at a call that says which function it calls."""
        cells[cell] = found = self._called(cells, site, number)
        return found

    def enter_value(self, cells: list[Any], cell: int, site: int, number: int) -> list[Any]:
        """The callee's context at a call of a value."""
        found: list[Any] = cells[cell].get(number)
        if found is None:
            cells[cell][number] = found = self._called(cells, site, number)
        return found

    def apply(self, cells: list[Any], cell: int, site: int, function: Closure, args: tuple[Any, ...]) -> Any:
        """Call a value with any number of arguments; a call of all parameters is left in the register."""
        while len(args) > function.arity:
            first, args = args[: function.arity], args[function.arity :]
            self._leave(cells, cell, site, function, first)
            function = self.bounce()
        if len(args) < function.arity:
            return partial(function, args)
        self._leave(cells, cell, site, function, args)
        return TAIL

    def _leave(self, cells: list[Any], cell: int, site: int, function: Closure, args: tuple[Any, ...]) -> None:
        context = self.enter_value(cells, cell, site, function.function)
        self.register[0] = (function.code, context, function.env, args)

    def bounce(self) -> Any:
        """Do the call in the register, and those that it leaves there, until one returns."""
        register = self.register
        while True:
            result = invoke(*register[0])
            if result is not TAIL:
                return result

    def finish(self, result: Any) -> Any:
        """What a call returned, which may be TAIL."""
        return self.bounce() if result is TAIL else result

    def names(self) -> dict[str, Any]:
        """What the code finds by name."""
        return {
            "TAIL": TAIL,
            "R": self.register,
            "C": Closure,
            "tick": repeat(None, self.limits.fuel).__next__,
            "enter": self.enter,
            "enter_value": self.enter_value,
            "apply": self.apply,
            "bounce": self.bounce,
            "finish": self.finish,
            "partial": partial,
            "wrap": wrap,
            "no_match": _no_match,
            "put": self.printed.append,
            "inf": float("inf"),
            "nan": float("nan"),
            **{python_name(primitive): function for primitive, function in {**FOLDS, **_MEMORY}.items()},
        }


def python_name(primitive: Primitive) -> str:
    """What the code calls a primitive's function."""
    return f"p_{primitive.value.replace('.', '_')}"


def partial(function: Closure, args: tuple[Any, ...]) -> Closure:
    """The function with some arguments given."""
    return Closure(_partial_code, function.arity - len(args), (function, args), function.function)


def _partial_code(cells: list[Any], env: tuple[Closure, tuple[Any, ...]], *args: Any) -> Any:
    function, given = env
    return invoke(function.code, cells, function.env, given + args)


def invoke(code: Callable[..., Any], cells: list[Any], env: Any, args: tuple[Any, ...]) -> Any:
    """``code(cells, env, *args)``, which would take C stack in Python 3.11."""
    match len(args):
        case 1:
            return code(cells, env, args[0])
        case 2:
            return code(cells, env, args[0], args[1])
        case 3:
            return code(cells, env, args[0], args[1], args[2])
        case 4:
            return code(cells, env, args[0], args[1], args[2], args[3])
        case 5:
            return code(cells, env, args[0], args[1], args[2], args[3], args[4])
        case 6:
            return code(cells, env, args[0], args[1], args[2], args[3], args[4], args[5])
        case 7:
            return code(cells, env, args[0], args[1], args[2], args[3], args[4], args[5], args[6])
        case 8:
            return code(cells, env, args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7])
        case 9:
            return code(cells, env, args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7], args[8])
        case _:
            return code(cells, env, *args)  # of the subset's ten parameters at most


def _no_match() -> None:
    raise MatchFailure("no case of the match fits")


def _failwith(message: str) -> None:
    raise Failure(f"failwith {message!r}")


def _invalid_arg(message: str) -> None:
    raise InvalidArgument(message)


def _make_array(length: int, value: Any) -> list[Any]:
    if not 0 <= length <= MAX_ARRAY:
        raise InvalidArgument(f"Array.make {length}; allowed are 0 to {MAX_ARRAY} elements")
    return [value] * length


_MEMORY: dict[Primitive, Callable[..., Any]] = {
    Primitive.ANY_EQ: values.equal,
    Primitive.ANY_NE: lambda a, b: not values.equal(a, b),
    Primitive.ANY_LT: values.less,
    Primitive.ANY_LE: values.less_equal,
    Primitive.ANY_GT: lambda a, b: values.less(b, a),
    Primitive.ANY_GE: lambda a, b: values.less_equal(b, a),
    Primitive.ANY_COMPARE: values.compare,
    Primitive.ANY_MIN: values.minimum,
    Primitive.ANY_MAX: values.maximum,
    Primitive.SAME: values.same,
    Primitive.NOT_SAME: lambda a, b: not values.same(a, b),
    Primitive.FAILWITH: _failwith,
    Primitive.INVALID_ARG: _invalid_arg,
    Primitive.ARRAY_MAKE: _make_array,
}
PRINTS: dict[Primitive, str] = {
    Primitive.PRINT_INT: "put(str({}))",
    Primitive.PRINT_CHAR: "put(chr({}))",
    Primitive.PRINT_STRING: "put({})",
    Primitive.PRINT_FLOAT: "put(p_string_of_float({}))",
    Primitive.PRINT_LINE: "put({} + '\\n')",
    Primitive.PRINT_NEWLINE: "put('\\n')",
}
