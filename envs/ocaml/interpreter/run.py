"""Runs programs: as Python source, written and compiled once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

from gymcc.envs.ocaml.deep import recursion
from gymcc.envs.ocaml.interpreter.cells import Cells
from gymcc.envs.ocaml.interpreter.contexts import Context, Profile
from gymcc.envs.ocaml.interpreter.emit import FunctionWriter
from gymcc.envs.ocaml.interpreter.errors import IndexOutOfBounds, OutOfFuel, ProgramError, StackOverflow
from gymcc.envs.ocaml.interpreter.layout import Layout
from gymcc.envs.ocaml.interpreter.lines import Lines
from gymcc.envs.ocaml.interpreter.runtime import Limits, Machine
from gymcc.envs.ocaml.ir import Position, Program

FUEL = 100_000_000
FRAMES = 200_000
DEPTH = 8
REPEATS = 1
CONTEXTS = 200_000
_WRITING_FRAMES = 50_000


@dataclass(frozen=True, slots=True)
class Run:
    """A program that ran to its end: what it printed, one character per byte, and how often its blocks ran."""

    output: str
    profile: Profile


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A program ready to run; make it by :func:`compile_program`."""

    name: str
    source: str
    _code: CodeType
    cells: tuple[Cells, ...]
    _ids: tuple[int, ...]
    _positions: Mapping[int, Position]

    def run(
        self,
        fuel: int = FUEL,
        *,
        frames: int = FRAMES,
        depth: int = DEPTH,
        repeats: int = REPEATS,
        contexts: int = CONTEXTS,
    ) -> Run:
        """Run it; raises ProgramError where it does not reach its end.

        ``fuel``: activations of functions that call others, and turns of loops, that it may take. ``frames``: calls
        inside each other. ``depth``, ``repeats``: how calling contexts are told apart (:mod:`contexts`), and at most
        ``contexts`` of them.
        """
        limits = Limits(fuel, frames, depth, repeats, contexts)
        machine = Machine(limits, [tuple(cells.template) for cells in self.cells], list(self._ids))
        try:
            self.execute(machine)
        except ProgramError as error:
            error.output = "".join(machine.printed)
            raise
        return Run("".join(machine.printed), self._profile(machine))

    def execute(self, machine: Machine) -> None:
        """Run it on a machine, which may be of another kind; raises as :meth:`run` does."""
        names = machine.names()
        try:
            with recursion(machine.limits.frames):
                exec(self._code, names)  # noqa: S102 - our own translation
                names["f_0"](machine.context(Context(0), 0), None)
        except RecursionError:
            raise StackOverflow(f"more than {machine.limits.frames} calls inside each other") from None
        except StopIteration:
            raise OutOfFuel(f"ran longer than {machine.limits.fuel} calls and turns of loops") from None
        except IndexError as error:
            at = self._place(error.__traceback__)
            raise IndexOutOfBounds("index out of bounds", at) from None
        except ProgramError as error:
            if error.at is None and (at := self._place(error.__traceback__)):
                raise type(error)(str(error), at) from None
            raise

    def _place(self, traceback: TracebackType | None) -> Position | None:
        """Where the program failed: the deepest line of ours."""
        line = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._code.co_filename:
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return None if line is None else self._positions.get(line)

    def _profile(self, machine: Machine) -> Profile:
        exact: dict[Context, Counter[int]] = {}
        for (context, number), cells in machine.contexts.items():
            counts = self.cells[number].counts(cells)
            if counts:
                exact.setdefault(context, Counter()).update(counts)
        return Profile({context: dict(counts) for context, counts in exact.items()})


def compile_program(program: Program, writer: type[FunctionWriter] = FunctionWriter) -> Compiled:
    """Translate a program to Python; ``writer`` writes its functions."""
    with recursion(_WRITING_FRAMES):
        layout, lines = Layout(program), Lines()
        cells = tuple(writer(number, layout, lines).write() for number in range(len(layout.functions)))
        lines.add("AGAIN = object()")
        for number, function in enumerate(layout.functions):
            if not function.free:
                lines.add(f"v{function.variable.id} = C(f_{number}, {len(function.params)}, None, {number})")
        source, positions = lines.finish()
        code = compile(source, f"<ocaml {program.name}>", "exec")
    ids = tuple(function.id for function in layout.functions)
    return Compiled(program.name, source, code, cells, ids, positions)


def run(program: Program, fuel: int = FUEL, **limits: Any) -> Run:
    """Translate and run a program; see :meth:`Compiled.run`."""
    return compile_program(program).run(fuel, **limits)
