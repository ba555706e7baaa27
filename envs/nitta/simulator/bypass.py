"""A quirk of NITTA's that schedules keep: a value that is sent past a buffer.

When NITTA puts a second buffer behind a value, the producer keeps the name of the first for its own output, and the
second buffer claims to produce it too: ``a + b = x@buf@buf`` and ``buffer(x@buf@buf) = x@buf = y``, but it is the adder
that sends ``x@buf``. That is sound, since a buffer gives what it takes; only the names are wrong. After a third buffer,
adder and buffer may both claim the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gymcc.envs.nitta.functions import Function, Kind, acc
from gymcc.envs.nitta.schedule import Schedule

_Bound = list[tuple[str, Function]]


def with_true_producers(schedule: Schedule) -> Schedule:
    """The schedule with every variable that was sent past a buffer as an output of the function that sent it."""
    bound: _Bound = [(tag, function) for tag, functions in schedule.bound for function in functions]
    produced = {(tag, variable) for tag, function in bound for variable in function.produced}
    for transport in schedule.transports:
        for _, variable in transport.targets:
            if (transport.source, variable) not in produced:
                _move(bound, transport.source, variable)
            else:
                _drop_claims(bound, transport.source, variable)
    return replace(schedule, bound=tuple((tag, tuple(f for at, f in bound if at == tag)) for tag, _ in schedule.bound))


def _move(bound: _Bound, source: str, variable: str) -> None:
    """Make ``variable`` an output of that function on ``source`` whose value it is, if there is one."""
    for buffer, fed_by in _upstream(bound, variable):
        for at, (tag, function) in enumerate(bound):
            if tag == source and fed_by in function.produced:
                shorter = Function(Kind.BUFFER, buffer.inputs, [set(buffer.outputs[0]) - {variable}])
                bound[at] = tag, _with_output(function, fed_by, variable)
                bound[:] = [
                    (tag, _matching_end(shorter if f is buffer else f, function, bound[at][1])) for tag, f in bound
                ]
                return


def _drop_claims(bound: _Bound, source: str, variable: str) -> None:
    """Take ``variable``, which ``source`` computes and sends, from buffers elsewhere that hold the same value."""
    own = {v for tag, f in bound if tag == source and variable in f.produced for v in f.produced}
    for at, (tag, function) in enumerate(bound):
        if tag != source and function.kind is Kind.BUFFER and variable in function.produced:
            fed_by = {function.inputs[0], *(name for _, name in _upstream(bound, function.inputs[0]))}
            if fed_by & own:
                bound[at] = tag, Function(Kind.BUFFER, function.inputs, [set(function.outputs[0]) - {variable}])


def _upstream(bound: _Bound, variable: str) -> Iterator[tuple[Function, str]]:
    """The buffer that claims a variable, with its input, the input of the buffer before that one, and so on."""
    buffers = {v: f for _, f in bound if f.kind is Kind.BUFFER for v in f.produced}
    first = buffers.get(variable)
    fed_by = variable
    while first and fed_by in buffers:
        fed_by = buffers.pop(fed_by).inputs[0]
        yield first, fed_by


def _with_output(function: Function, beside: str, variable: str) -> Function:
    """The function with one output more, of the same value as ``beside``."""
    if function.kind is Kind.ACC:
        return acc(
            (sign, (*group, variable) if beside in group and sign == "=" else group) for sign, group in function.detail
        )
    groups = [(*group, variable) if beside in group else group for group in function.outputs]
    return Function(function.kind, function.inputs, groups, function.detail)


def _matching_end(function: Function, before: Function, after: Function) -> Function:
    """The end of a loop whose begin got another output."""
    if before.kind is Kind.LOOP_BEGIN and function.kind is Kind.LOOP_END and function.detail == before.outputs[0]:
        return Function(Kind.LOOP_END, function.inputs, [], after.outputs[0])
    return function
