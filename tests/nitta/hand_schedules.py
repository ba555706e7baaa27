"""Schedules written by hand, and how to run them."""

from __future__ import annotations

import pytest

from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.numbers import DEFAULT_TYPE
from gymcc.envs.nitta.schedule import Schedule, Transport
from gymcc.envs.nitta.simulator import ScheduleError, run

from .recorded_schedules import group, read_function


def number(value: float):
    return DEFAULT_TYPE.of(value)


def function(text: str) -> Function:
    """A function from NITTA's text; ``LoopBegin(3) = a`` has its first value, which NITTA does not print."""
    if text.startswith("LoopBegin"):
        value, outputs = text.removeprefix("LoopBegin(").split(") = ")
        return Function(Kind.LOOP_BEGIN, (), [group(outputs)], number(float(value)))
    if text.startswith("LoopEnd"):
        variable, outputs = text.removeprefix("LoopEnd(").split(") pair out: ")
        return Function(Kind.LOOP_END, (variable,), [], group(outputs))
    return read_function(text)


def schedule(bound: dict[str, list[str]], *transports: str) -> Schedule:
    """Transports as ``TICK SOURCE > VARIABLE TARGET, VARIABLE TARGET``."""
    moved = []
    for text in transports:
        head, _, tail = text.partition(" > ")
        tick, source = head.split()
        pairs = [word.split() for word in tail.split(", ")]
        moved.append(Transport(int(tick), source, tuple((tag, variable) for variable, tag in pairs)))
    return Schedule(tuple(moved), tuple((tag, tuple(map(function, texts))) for tag, texts in bound.items()))


def execute(planned: Schedule, iterations: int = 1, machine: Microarchitecture = DEFAULT, **received: list[float]):
    inputs = {name: [number(value) for value in values] for name, values in received.items()}
    return [
        {variable: float(value) for variable, value in values.items()}
        for values in run(planned, machine, DEFAULT_TYPE, inputs, iterations)
    ]


def broken(planned: Schedule, machine: Microarchitecture = DEFAULT, **received: list[float]) -> ScheduleError:
    with pytest.raises(ScheduleError) as caught:
        execute(planned, 1, machine, **received)
    return caught.value


ECHO = {"spi": ["receive() = x", "send(x)"]}
