"""One function as Python source.

Python is fast at what is local and straight: variables are locals, matches ``if`` chains, and short pure operations
that one place uses are written there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gymcc.envs.ocaml.interpreter.calls import CallWriter
from gymcc.envs.ocaml.interpreter.cells import Cells, Region
from gymcc.envs.ocaml.interpreter.layout import Layout, tail_calls
from gymcc.envs.ocaml.interpreter.lines import Lines
from gymcc.envs.ocaml.interpreter.matches import MatchWriter
from gymcc.envs.ocaml.interpreter.naming import Naming
from gymcc.envs.ocaml.interpreter.texts import FUSIBLE, expression, statements
from gymcc.envs.ocaml.ir import (
    Atom,
    Binding,
    Block,
    Call,
    Field,
    For,
    Let,
    LetFunctions,
    Make,
    Match,
    Operation,
    Prim,
    SetField,
    Test,
    While,
)
from gymcc.envs.ocaml.primitives import Effect
from gymcc.envs.ocaml.walk import atoms, bindings, bound_in, used

RETURN = "return"  # the destination of a value that the function returns
_DEEP, _LOOPS = 40, 12  # blocks nested deeper are functions of their own: Python nests 100 levels, 20 loops
_LONGEST = 120  # characters of an expression that is written into another
_VARIABLE = re.compile(r"\bv\d+\b")


class FunctionWriter:
    """Writes function ``number`` of a program to ``lines``."""

    def __init__(self, number: int, layout: Layout, lines: Lines) -> None:
        self._function = layout.functions[number]
        self._number, self._layout, self.lines = number, layout, lines
        self.cells, self.naming = Cells(), Naming(number, layout)
        self._calls = CallWriter(number, layout, lines, self.naming, self.cells)
        self._matches = MatchWriter(self)
        self._params = tuple(f"v{param.id}" for param in self._function.params)
        self._loops = 0
        self._again = any(layout.target(call) == number for call in tail_calls(self._function.body))
        self._global_names = {f"v{variable}" for variable in self._layout.globals}

    def write(self) -> Cells:
        """Write the function; its contexts' cells."""
        function = self._function
        with self.lines.apart(), self.lines.under(f"def f_{self._number}({', '.join(('k', 'e', *self._params))}):"):
            if self._number == 0 and self._global_names:
                self.lines.add(f"global {', '.join(sorted(self._global_names))}")
            for index, variable in enumerate(function.free):
                if self.naming.uses[variable]:
                    self.lines.add(f"v{variable} = e[{index}]")
            if self._again:
                with self.lines.under("while 1:"):
                    self._body()
            else:
                self._body()
        return self.cells

    def _body(self) -> None:
        cell = self.cells.counter(self._function.body.id)
        self.lines.add(f"k[{cell}] += 1")
        inner = bindings(self._function.body, into_functions=False)
        if any(isinstance(each, Let) and isinstance(each.operation, Call) for each in inner):
            self.lines.add("tick()")
        self.block(self._function.body, RETURN, (cell,))

    # Blocks

    def block(self, block: Block, destination: str, region: Region) -> None:
        """Write a block; its value goes to ``destination``: RETURN, a variable, or nowhere if that is empty."""
        here = self._used_here(block.bindings, (block.result,))
        last = len(block.bindings) - 1
        for index, binding in enumerate(block.bindings):
            ends = index == last and isinstance(binding, Let) and binding.variable.id == block.result
            if ends and isinstance(binding, Let) and self._ending(binding.operation, destination, region):
                return
            self._binding(binding, region, here)
        self.deliver(self.naming.text(block.result), destination)

    def deliver(self, text: str, destination: str) -> None:
        """Write a value to its destination."""
        if destination == RETURN:
            self.lines.add(f"return {text}")
        elif destination and destination != text:
            self.lines.add(f"{destination} = {text}")

    def nested(self, block: Block, destination: str, region: Region) -> None:
        """Write a block inside another; where that is nested deep, as a function of its own."""
        if self.lines.depth <= _DEEP and self._loops <= _LOOPS:
            self.block(block, destination, region)
            return
        names = {name for atom in used(block) for name in _VARIABLE.findall(self.naming.text(atom))}
        outer = sorted(
            names - self._global_names - self._static_names() - {f"v{variable}" for variable in bound_in(block)}
        )
        name = f"b_{self._number}_{self._function.variable.id}_{self.cells.callee(known=True)}"
        self._write_apart(f"def {name}({', '.join(('k', 'e', *outer))}):", block, destination, region)
        self._call_apart(f"{name}({', '.join(('k', 'e', *outer))})", destination)

    def _write_apart(self, header: str, block: Block, destination: str, region: Region) -> None:
        apart, loops = self._calls.apart, self._loops
        self._calls.apart, self._loops = True, 0
        with self.lines.apart(), self.lines.under(header):
            self.block(block, destination if destination in ("", RETURN) else "value", region)
            if destination not in ("", RETURN):
                self.lines.add("return value")
        self._calls.apart, self._loops = apart, loops

    def _call_apart(self, call: str, destination: str) -> None:
        if destination == RETURN and self._again and not self._calls.apart:
            self.lines.add(f"r = {call}")
            with self.lines.under("if r is AGAIN:"):
                self.lines.add(f"{', '.join(('k', *self._params))} = R[0]")
                self.lines.add("continue")
            call = "r"
        if destination:
            self.deliver(call, destination)
        else:
            self.lines.add(call)

    def _static_names(self) -> set[str]:
        return {f"v{each.variable.id}" for each in self._layout.functions if not each.free}

    def run(self, bindings_: Sequence[Binding], then: tuple[Atom, ...], region: Region) -> None:
        """Write bindings in the middle of a decision; ``then`` are the atoms used right behind them."""
        here = self._used_here(bindings_, then)
        for binding in bindings_:
            self._binding(binding, region, here)

    # Short pure operations that one place uses

    def _used_here(self, bindings_: Sequence[Binding], then: tuple[Atom, ...]) -> set[int]:
        """The variables whose only use is in these bindings themselves, not in blocks inside them, or right behind."""
        here = {atom for binding in bindings_ if isinstance(binding, Let) for atom in _direct(binding.operation)}
        here.update(then)
        return {atom for atom in here if isinstance(atom, int) and self.naming.uses[atom] == 1}

    def _fused(self, binding: Let, here: set[int]) -> bool:
        """Whether the operation need not be written at its place."""
        text, variable = self._pure(binding.operation), binding.variable.id
        if text is None or variable in self._layout.globals:  # other functions may use a global
            return False
        if not self.naming.uses[variable]:
            return True
        if variable not in here or len(text) > _LONGEST:
            return False
        self.naming.alias(variable, f"({text})")
        return True

    def _pure(self, operation: Operation) -> str | None:
        """The text of an operation that may be written anywhere behind its place, else None."""
        if isinstance(operation, Prim) and operation.primitive in FUSIBLE:
            return expression(operation, self.naming.texts(operation.args))
        if isinstance(operation, Make) and not operation.shape.mutable:
            return f"{operation.shape.index}, {', '.join(self.naming.texts(operation.args))},"
        if isinstance(operation, Field) and not operation.shape.fields[operation.index].mutable:
            return f"{self.naming.text(operation.of)}[{operation.index + 1}]"
        return None

    # Operations

    def _binding(self, binding: Binding, region: Region, here: set[int]) -> None:
        if isinstance(binding, LetFunctions):
            self._calls.closures(binding)
        elif not self._fused(binding, here):
            variable = binding.variable.id
            kept = self.naming.uses[variable] or variable in self._layout.globals
            self._operation(binding.operation, f"v{variable}" if kept else "", region)

    def _ending(self, operation: Operation, destination: str, region: Region) -> bool:
        """Write the last operation of a block, whose value is the block's, if it delivers that itself."""
        if isinstance(operation, Match):
            self._matches.match(operation, destination, region)
            return True
        if isinstance(operation, Call) and destination == RETURN:
            self._calls.tail(operation, self._params)
            return True
        return False

    def _operation(self, operation: Operation, result: str, region: Region) -> None:
        match operation:
            case Call():
                self._calls.call(operation, result)
            case Match():
                self._matches.match(operation, result, region)
            case Prim():
                self._prim(operation, result)
            case Make() | Field() if not result:
                pass  # nothing uses it
            case Make():
                fields = ", ".join([str(operation.shape.index), *self.naming.texts(operation.args)])
                self.lines.add(f"{result} = [{fields}]" if operation.shape.mutable else f"{result} = ({fields},)")
            case Field():
                self.lines.add(f"{result} = {self.naming.text(operation.of)}[{operation.index + 1}]")
            case SetField():
                of, value = self.naming.texts((operation.of, operation.value))
                self.lines.add(f"{of}[{operation.index + 1}] = {value}")
            case While():
                self._while(operation, region)
            case For():
                self._for(operation)
        if result and isinstance(operation, SetField | While | For):
            self.lines.add(f"{result} = 0")

    def _prim(self, prim: Prim, result: str) -> None:
        if not result and not (Effect.FAILS | Effect.WRITES) & prim.primitive.effect:
            return
        for line in statements(prim, self.naming.texts(prim.args), result):
            self.lines.add(line, prim.at)
        if result and Effect.WRITES in prim.primitive.effect:
            self.lines.add(f"{result} = 0")

    def _while(self, loop: While, region: Region) -> None:
        body = self.cells.counter(loop.body.id)
        self.cells.same(loop.condition.id, (*region, body))
        self._loops += 1
        with self.lines.under("while 1:"):
            self.lines.add("tick()")
            self.nested(loop.condition, "w", (*region, body))
            self.lines.add("if not w: break")
            self.lines.add(f"k[{body}] += 1")
            self.nested(loop.body, "", (body,))
        self._loops -= 1

    def _for(self, loop: For) -> None:
        first, last = self.naming.texts((loop.first, loop.last))
        values = f"range({first}, {last} - 1, -1)" if loop.down else f"range({first}, {last} + 1)"
        body = self.cells.counter(loop.body.id)
        self._loops += 1
        with self.lines.under(f"for v{loop.variable.id} in {values}:"):
            self.lines.add("tick()")
            self.lines.add(f"k[{body}] += 1")
            self.nested(loop.body, "", (body,))
        self._loops -= 1


def _direct(operation: Operation) -> tuple[Atom, ...]:
    """The atoms that an operation uses at its place, once."""
    if isinstance(operation, Match):
        return (operation.tree.on,) if isinstance(operation.tree, Test) else ()
    return atoms(operation)
