"""Whether a schedule computes what the program says."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from gymcc.envs.nitta.evaluate import evaluate, receives
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.microarchitecture import Microarchitecture
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.schedule import Schedule
from gymcc.envs.nitta.simulator.errors import ScheduleError
from gymcc.envs.nitta.simulator.run import run


def check(
    schedule: Schedule, program: Program, microarchitecture: Microarchitecture, seed: int = 0, iterations: int = 5
) -> None:
    """Execute a complete schedule on random inputs; raises :class:`ScheduleError` where it is not the program.

    Every value sent and every value kept for the next iteration is compared with :func:`evaluate`, and so is every
    other variable that no refactoring removed.
    """
    _check_inputs_and_outputs(schedule, program)
    random = Random(seed)
    received = {
        name: [draw_value(random, program.number_type) for _ in range(iterations)] for name in receives(program)
    }
    got = run(schedule, microarchitecture, program.number_type, received, iterations)
    for iteration, wanted in enumerate(evaluate(program, iterations, received)):
        _compare(schedule, iteration, got[iteration], wanted)


def draw_value(random: Random, number_type: NumberType) -> Fixed:
    """A value as sensors give it: often small or zero, sometimes any number at all."""
    if random.random() < 0.3:
        return number_type.raw(random.getrandbits(number_type.bits))
    return number_type.of(random.choice((0, 1, random.randint(-9, 9), random.uniform(-100, 100))))


def _check_inputs_and_outputs(schedule: Schedule, program: Program) -> None:
    """Everything sent and kept in the program is sent and kept by the schedule."""
    bound = [function for _, functions in schedule.bound for function in functions]
    for name, kinds in (("sent", {Kind.SEND}), ("kept for the next iteration", {Kind.LOOP, Kind.LOOP_END})):
        wanted = {variable for f in program.functions if f.kind in kinds for variable in f.inputs}
        got = {variable for f in bound if f.kind in kinds for variable in f.inputs}
        if missing := wanted - got:
            raise ScheduleError(f"is not {name}, as it is in the program", variable=min(missing))
        if extra := got - wanted:
            raise ScheduleError(f"is {name}, other than in the program", variable=min(extra))


def _compare(schedule: Schedule, iteration: int, got: Mapping[str, Fixed], wanted: Mapping[str, Fixed]) -> None:
    for transport in schedule.transports:
        for tag, variable in transport.targets:
            if variable in wanted and got[variable] != wanted[variable]:
                rule = f"carries {got[variable]} in iteration {iteration} instead of {wanted[variable]}"
                raise ScheduleError(rule, transport.tick, tag, variable)
