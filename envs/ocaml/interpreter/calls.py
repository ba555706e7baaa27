"""Calls and closures as Python source."""

from __future__ import annotations

from gymcc.envs.ocaml.interpreter.cells import Cells
from gymcc.envs.ocaml.interpreter.layout import UNKNOWN, Layout
from gymcc.envs.ocaml.interpreter.lines import Lines
from gymcc.envs.ocaml.interpreter.naming import Naming
from gymcc.envs.ocaml.ir import Atom, Call, Function, LetFunctions


class CallWriter:
    """Writes the calls and closures of function ``number``. In code outside of its loop ``apart`` is true."""

    def __init__(self, number: int, layout: Layout, lines: Lines, naming: Naming, cells: Cells) -> None:
        self._number, self._layout, self._lines, self._naming, self._cells = number, layout, lines, naming, cells
        self.apart = False

    def call(self, call: Call, result: str) -> None:
        """A call whose value goes to the variable ``result``, nowhere if that is empty."""
        number = self._layout.target(call)
        if self._layout.may_return_tail(number):
            result = result or "r"
        target = f"{result} = " if result else ""
        if number != UNKNOWN:
            self._lines.add(f"{target}{self._direct(call, number)}")
        elif self._is_partial(call):
            function = self._naming.text(call.function)
            self._lines.add(f"{target}partial({function}, {_tuple(self._naming.texts(call.args))})")
            return
        else:
            self._unknown(call, target)
        if self._layout.may_return_tail(number):
            self._lines.add(f"if {result} is TAIL: {result} = bounce()")

    def tail(self, call: Call, params: tuple[str, ...]) -> None:
        """A call in tail position: the function ends with it."""
        number = self._layout.target(call)
        if number == self._number:
            self._again(call, params)
        elif self._is_partial(call):
            self.call(call, "r")
            self._lines.add("return r")
        elif number == UNKNOWN:
            self._unknown_tail(call)
        elif self._layout.recurs(self._number, number):
            args = _tuple(self._naming.texts(call.args))
            entered = self._entered(call, number)
            self._lines.add(f"R[0] = (f_{number}, {entered}, {self._env(call.function, number)}, {args})")
            self._lines.add("return TAIL")
        else:
            self._lines.add(f"return {self._direct(call, number)}")

    def _again(self, call: Call, params: tuple[str, ...]) -> None:
        """A call of the function itself: a turn of its loop."""
        values = ", ".join([self._entered(call, self._number), *self._naming.texts(call.args)])
        if self.apart:
            self._lines.add(f"R[0] = ({values})")
            self._lines.add("return AGAIN")
        else:
            self._lines.add(f"{', '.join(('k', *params))} = {values}")
            self._lines.add("continue")

    def _is_partial(self, call: Call) -> bool:
        number = self._layout.callee(call.function)
        return number is not None and len(call.args) < len(self._layout.functions[number].params)

    def _entered(self, call: Call, number: int) -> str:
        cell = self._cells.callee(known=True)
        return f"k[{cell}] or enter(k, {cell}, {call.site}, {number})"

    def _direct(self, call: Call, number: int) -> str:
        args = ", ".join(
            [self._entered(call, number), self._env(call.function, number), *self._naming.texts(call.args)]
        )
        return f"f_{number}({args})"

    def _env(self, function: Atom, number: int) -> str:
        if not self._layout.functions[number].free:
            return "None"
        if self._layout.groups[number] is self._layout.groups[self._number]:
            return "e"
        return f"{self._naming.text(function)}.env"

    def _unknown(self, call: Call, target: str) -> None:
        cell, function = self._cells.callee(known=False), self._function(call)
        with self._lines.under(f"if {function}.arity == {len(call.args)}:"):
            self._lines.add(f"{target}{self._exact(call, cell, function)}")
        with self._lines.under("else:"):
            self._lines.add(f"{target}finish({self._any(call, cell, function)})")

    def _unknown_tail(self, call: Call) -> None:
        cell, function = self._cells.callee(known=False), self._function(call)
        recurs = self._layout.recurs(self._number, UNKNOWN)
        with self._lines.under(f"if {function}.arity == {len(call.args)}:"):
            if recurs:
                args = _tuple(self._naming.texts(call.args))
                self._lines.add(
                    f"R[0] = ({function}.code, {self._entered_value(call, cell, function)}, {function}.env, {args})"
                )
                self._lines.add("return TAIL")
            else:
                self._lines.add(f"return {self._exact(call, cell, function)}")
        applied = self._any(call, cell, function)
        self._lines.add(f"return {applied if recurs else f'finish({applied})'}")

    def _function(self, call: Call) -> str:
        text = self._naming.text(call.function)
        if text.isidentifier():
            return text
        self._lines.add(f"g = {text}")
        return "g"

    def _entered_value(self, call: Call, cell: int, function: str) -> str:
        return f"k[{cell}].get({function}.function) or enter_value(k, {cell}, {call.site}, {function}.function)"

    def _exact(self, call: Call, cell: int, function: str) -> str:
        args = ", ".join([self._entered_value(call, cell, function), f"{function}.env", *self._naming.texts(call.args)])
        return f"{function}.code({args})"

    def _any(self, call: Call, cell: int, function: str) -> str:
        return f"apply(k, {cell}, {call.site}, {function}, {_tuple(self._naming.texts(call.args))})"

    def closures(self, binding: LetFunctions) -> None:
        """Make the closures of functions defined together; static ones are made before the program runs."""
        functions = binding.functions
        if not functions[0].free:
            return
        captured = f"[{', '.join(self._naming.texts(functions[0].free))}]"
        if not binding.recursive:
            for function in functions:
                self._lines.add(f"v{function.variable.id} = {self._closure(function, captured)}")
            return
        self._lines.add(f"g = {captured}")
        for function in functions:
            self._lines.add(f"v{function.variable.id} = {self._closure(function, 'g')}")
        self._lines.add(f"g += [{', '.join(f'v{function.variable.id}' for function in functions)}]")

    def _closure(self, function: Function, env: str) -> str:
        number = self._layout.numbers[function.variable.id]
        return f"C(f_{number}, {len(function.params)}, {env}, {number})"


def _tuple(texts: list[str]) -> str:
    return f"({', '.join(texts)},)"
