"""One run of the source program, with counts that know more of each activation than a call stack says.

What an inliner makes of an activation depends on the calls around it, and for a function defined inside another one
also on the activation that made its closure: copies of the outer function's body define copies of the inner one. An
:class:`Activation` stands for all with the same calls around and the same maker. It has no longer a past than an
inliner could make use of: calls of a recursive function in its own definition start one without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymcc.envs.ocaml.interpreter.calls import CallWriter
from gymcc.envs.ocaml.interpreter.cells import Cells
from gymcc.envs.ocaml.interpreter.emit import FunctionWriter
from gymcc.envs.ocaml.interpreter.errors import ProgramError
from gymcc.envs.ocaml.interpreter.layout import Layout
from gymcc.envs.ocaml.interpreter.lines import Lines
from gymcc.envs.ocaml.interpreter.run import CONTEXTS, FRAMES, FUEL, compile_program
from gymcc.envs.ocaml.interpreter.runtime import Limits, Machine
from gymcc.envs.ocaml.ir import CallKind, Function, LetFunctions, Program
from gymcc.envs.ocaml.walk import bindings

SAME = 3  # calls of one closure at one site inside each other that are told apart
LIKE = 8  # calls of one function at one site inside each other that are told apart
ACTIVATIONS = 20_000  # told apart


class Activation:
    """Activations of a function; ``parent`` called it at ``site``, None if that does not matter; ``maker`` made it."""

    __slots__ = ("callees", "counts", "function", "index", "maker", "parent", "recorder", "site")

    def __init__(
        self, recorder: Recorder, function: int, parent: Activation | None, site: int | None, maker: Activation | None
    ) -> None:
        self.recorder = recorder
        self.function = function
        self.parent = parent
        self.site = site
        self.maker = maker
        self.index = len(recorder.activations)
        self.callees: dict[tuple[int, int, Activation | None], Activation] = {}
        self.counts: dict[int, int] = {}
        recorder.activations.append(self)

    def called(self, site: int, function: int, maker: Activation | None) -> Activation:
        """The activation that a call at ``site`` here starts."""
        key = (site, function, maker)
        found = self.callees.get(key)
        if found is None:
            found = self.callees[key] = self._started(site, function, maker)
        return found

    def around(self, function: int | None) -> Activation | None:
        """The activation of a function whose text stands around this one's."""
        each: Activation | None = self
        while each is not None and each.function != function:
            each = each.maker
        return each

    def _started(self, site: int, function: int, maker: Activation | None) -> Activation:
        recorder = self.recorder
        if site in recorder.forgetting or len(recorder.activations) >= ACTIVATIONS:
            recorder.exact = recorder.exact and site in recorder.forgetting
            return recorder.root(function, maker)
        same, like = [], 0
        each: Activation | None = self
        while each is not None:
            if each.site == site and each.function == function:
                like += 1
                if each.maker is maker:
                    same.append(each)
            each = each.parent
        if len(same) >= SAME or like >= LIKE:
            recorder.exact = False
            return same[0] if same else recorder.root(function, maker)
        return Activation(recorder, function, self, site, maker)


class Recorder:
    """Activations in order of their start. ``exact``: none was merged with one that an inliner may treat otherwise."""

    def __init__(self, program: Program) -> None:
        self.activations: list[Activation] = []
        self.forgetting = frozenset(site.id for site in program.sites if site.kind is CallKind.SELF)
        self.exact = True
        self._roots: dict[tuple[int, Activation | None], Activation] = {}

    def root(self, function: int, maker: Activation | None) -> Activation:
        """The activation whose callers do not matter."""
        found = self._roots.get((function, maker))
        if found is None:
            found = self._roots[function, maker] = Activation(self, function, None, None, maker)
        return found


@dataclass(frozen=True, slots=True)
class Recording:
    """What the source program printed and how often its blocks ran, by activation."""

    output: str
    activations: tuple[Activation, ...]
    exact: bool

    @property
    def runs(self) -> int:
        """Runs of blocks and cases in all."""
        return sum(sum(each.counts.values()) for each in self.activations)


def record(program: Program, fuel: int = FUEL) -> Recording:
    """Run the program once; raises ProgramError as the interpreter does."""
    compiled = compile_program(program, _Writer)
    machine = _Machine(program, compiled.cells, fuel)
    try:
        compiled.execute(machine)
    except ProgramError as error:
        error.output = "".join(machine.printed)
        raise
    return machine.recording()


class _Writer(FunctionWriter):
    """Writes closures as :class:`_Calls` does."""

    def __init__(self, number: int, layout: Layout, lines: Lines) -> None:
        super().__init__(number, layout, lines)
        self._calls = _Calls(number, layout, lines, self.naming, self.cells)


class _Calls(CallWriter):
    """Closures carry a number of their own for each activation that makes them, also those without captures."""

    def closures(self, binding: LetFunctions) -> None:
        if binding.functions[0].free or not self._number:
            super().closures(binding)
            return
        for function in binding.functions:
            self._lines.add(f"v{function.variable.id} = {self._closure(function, 'None')}")

    def _closure(self, function: Function, captured: str) -> str:
        number = self._layout.numbers[function.variable.id]
        return f"C(f_{number}, {len(function.params)}, {captured}, made(k, {number}))"


class _Machine(Machine):
    """Runs with activations for contexts."""

    def __init__(self, program: Program, cells: tuple[Cells, ...], fuel: int) -> None:
        limits = Limits(fuel, FRAMES, 0, 0, CONTEXTS)
        ids = [function.id for function in Layout(program).functions]
        super().__init__(limits, [tuple(each.template) for each in cells], ids)
        self._recorder = Recorder(program)
        self._cells = cells
        outer = outer_functions(program)
        self._outer = [outer.get(id_) for id_ in ids]
        self._makers: list[tuple[int, Activation]] = []  # closures made: number of the function, and by whom
        self._made: dict[tuple[int, Activation], int] = {}

    def names(self) -> dict[str, Any]:
        """What the code finds by name: ``made`` too."""
        return super().names() | {"made": self.made}

    def context(self, context: Any, number: int) -> list[Any]:
        """The cells of an activation; any other context is that of main."""
        activation: Any = context if isinstance(context, Activation) else self._recorder.root(0, None)
        return super().context(activation, number)

    def made(self, cells: list[Any], number: int) -> int:
        """The number of a closure of function ``number`` that the activation of ``cells`` makes."""
        key = number, cells[0]
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = len(self.ids) + len(self._makers)
            self._makers.append(key)
        return found

    def _called(self, cells: list[Any], site: int, number: int) -> list[Any]:
        caller: Activation = cells[0]
        if number < len(self.ids):
            maker = caller.around(self._outer[number])
        else:
            number, maker = self._makers[number - len(self.ids)]
        started: Any = caller.called(site, self.ids[number], maker)
        return self.context(started, number)

    def recording(self) -> Recording:
        """What has been recorded."""
        for (activation, number), cells in self.contexts.items():
            assert isinstance(activation, Activation)
            activation.counts = dict(self._cells[number].counts(cells))
        return Recording("".join(self.printed), tuple(self._recorder.activations), self._recorder.exact)


def outer_functions(program: Program) -> dict[int, int]:
    """By function the one whose body defines it."""
    outer: dict[int, int] = {}
    todo = [program.main]
    while todo:
        function = todo.pop()
        for binding in bindings(function.body, into_functions=False):
            if isinstance(binding, LetFunctions):
                outer.update((each.id, function.id) for each in binding.functions)
                todo.extend(binding.functions)
    return outer
