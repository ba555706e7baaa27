"""The main function as definitions of the top level."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.ocaml.ir import UNIT, Binding, Block, Let, LetFunctions, Program
from gymcc.envs.ocaml.printing.blocks import BlockPrinter
from gymcc.envs.ocaml.walk import used


def print_main(program: Program, printer: BlockPrinter) -> None:
    """Print definitions; what only one of them uses, or what runs between them, stays local."""
    bindings = program.main.body.bindings
    top = _top(bindings, set(program.globals))
    pending: list[Binding] = []
    for binding in bindings:
        if not top & _bound(binding):
            pending.append(binding)
            continue
        if isinstance(binding, LetFunctions):
            _run(pending, printer)
            printer.functions(binding)
        else:
            printer.writer.put(f"let {printer.names.bind(binding.variable)} = ")
            with printer.writer.indented():
                printer.bindings(pending)
                printer.operation(binding.operation)
        printer.writer.newline()
        pending = []
    _run(pending, printer)


def _run(bindings: Sequence[Binding], printer: BlockPrinter) -> None:
    if not bindings:
        return
    printer.writer.put("let () =")
    with printer.writer.indented():
        printer.writer.newline()
        printer.bindings(bindings)
        printer.writer.put("()")
    printer.writer.newline()


def _bound(binding: Binding) -> set[int]:
    if isinstance(binding, Let):
        return {binding.variable.id}
    return {function.variable.id for function in binding.functions}


def _top(bindings: Sequence[Binding], top: set[int]) -> set[int]:
    """Global variables, and those that another definition uses than the one in whose middle they are bound."""
    uses = [used(Block(0, (binding,), UNIT)) for binding in bindings]
    while True:
        segments = _segments(bindings, top)
        where = {variable: s for s, binding in zip(segments, bindings, strict=True) for variable in _bound(binding)}
        crossing = {
            variable
            for segment, names in zip(segments, uses, strict=True)
            for variable in names
            if where.get(variable, segment) != segment
        }
        if crossing <= top:
            return top
        top = top | crossing


def _segments(bindings: Sequence[Binding], top: set[int]) -> list[int]:
    """Number of the definition that each binding becomes part of; functions are definitions by themselves."""
    segments, segment = [], 0
    for binding in bindings:
        ends = bool(top & _bound(binding))
        if ends and isinstance(binding, LetFunctions):
            segment += 1
        segments.append(segment)
        segment += ends
    return segments
