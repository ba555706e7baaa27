"""The test bench of a complete node: NITTA simulates the hardware with Icarus Verilog, we execute the schedule."""

from __future__ import annotations

from random import Random
from typing import Any

from gymcc.envs.nitta.evaluate import evaluate, receives
from gymcc.envs.nitta.microarchitecture import Microarchitecture
from gymcc.envs.nitta.numbers import Fixed
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.server.process import bus_log
from gymcc.envs.nitta.simulator import ScheduleError, run
from gymcc.envs.nitta.simulator.check import check, draw_value
from gymcc.envs.nitta.tree import Node

Json = dict[str, Any]
SEED = 0  # of the values received
MAX_CYCLES = 10_000
NO_HARDWARE = "no Verilog is generated here: the schedule was executed by GymCC's simulator"


class NotComplete(ValueError):
    """A test bench was asked for before the schedule was complete."""


def testbench(node: Node, program: Program, microarchitecture: Microarchitecture, cycles: int) -> Json:
    """NITTA's TestbenchReport of ``cycles`` of the algorithm on random inputs: what it should compute and did.

    Raises :class:`NotComplete`, and ValueError for a number of cycles that is not from 1 to :data:`MAX_CYCLES`.
    """
    if not node.is_complete:
        raise NotComplete(f"node {node.sid}: the schedule is not complete")
    if not 1 <= cycles <= MAX_CYCLES:
        raise ValueError(f"loopsNumber is from 1 to {MAX_CYCLES}, got {cycles}")
    schedule = node.schedule()
    random = Random(SEED)
    received = {name: [draw_value(random, program.number_type) for _ in range(cycles)] for name in receives(program)}
    executed: list[dict[str, Fixed]] = []
    fault = ""
    try:
        check(schedule, program, microarchitecture, SEED, cycles)
        executed = [dict(cycle) for cycle in run(schedule, microarchitecture, program.number_type, received, cycles)]
    except ScheduleError as error:
        fault = str(error)
    return {
        "tbStatus": not fault,
        "tbPath": "",
        "tbFiles": [],
        "tbFunctions": [function.text for _, functions in schedule.bound for function in functions],
        "tbSynthesisSteps": [step.text for step in bus_log(node).steps],
        "tbCompilerDump": NO_HARDWARE,
        "tbSimulationDump": fault,
        "tbFunctionalSimulationLog": _floats(evaluate(program, cycles, received)),
        "tbLogicalSimulationLog": _floats(executed),
    }


def _floats(cycles: list[dict[str, Fixed]]) -> list[dict[str, float]]:
    return [{name: float(value) for name, value in cycle.items()} for cycle in cycles]
