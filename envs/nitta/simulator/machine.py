"""Units with the functions bound to them, and the rules of the bus that need no time to break."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.schedule import Schedule
from gymcc.envs.nitta.simulator.accumulator import Accumulator
from gymcc.envs.nitta.simulator.divider import Divider
from gymcc.envs.nitta.simulator.errors import ScheduleError
from gymcc.envs.nitta.simulator.memory import Memory
from gymcc.envs.nitta.simulator.serial import Comparator, LogicalUnit, Multiplexer, Multiplier, Shifter
from gymcc.envs.nitta.simulator.spi import Spi
from gymcc.envs.nitta.simulator.unit import UnitModel

_MODELS: dict[UnitType, type[UnitModel]] = {
    UnitType.FRAM: Memory,
    UnitType.ACCUM: Accumulator,
    UnitType.MULTIPLIER: Multiplier,
    UnitType.DIVIDER: Divider,
    UnitType.SHIFT: Shifter,
    UnitType.SPI: Spi,
    UnitType.COMPARATOR: Comparator,
    UnitType.LOGICAL_UNIT: LogicalUnit,
    UnitType.MULTIPLEXER: Multiplexer,
}


def assemble(schedule: Schedule, microarchitecture: Microarchitecture, number_type: NumberType) -> dict[str, UnitModel]:
    """The units of a schedule by tag, ready to run; raises :class:`ScheduleError` for what cannot be bound so."""
    if schedule.waiting:
        raise ScheduleError(f"{schedule.waiting[0].text} is bound to no unit")
    _check_functions(schedule)
    specs = _specs(schedule, microarchitecture)
    for tag, functions in schedule.bound:
        for function in functions:
            if function.kind not in _MODELS[specs[tag].type].kinds:
                raise ScheduleError(f"a {specs[tag].type} cannot compute {function.text}", unit=tag)
    return {tag: _MODELS[specs[tag].type](specs[tag], functions, number_type) for tag, functions in schedule.bound}


def _check_functions(schedule: Schedule) -> None:
    """Every function is on one unit, every variable has one producer and one consumer."""
    bound = [(function, tag) for tag, functions in schedule.bound for function in functions]
    counts = Counter(function for function, _ in bound if function.variables)
    for function, tag in bound:
        if counts[function] > 1:
            raise ScheduleError(f"{function.text} is bound {counts[function]} times", unit=tag)
        if function.kind is Kind.LOOP:
            raise ScheduleError(f"{function.text} is not broken", unit=tag)
    produced = Counter(variable for function, _ in bound for variable in function.produced)
    consumed = Counter(variable for function, _ in bound for variable in function.inputs)
    for variable in sorted(produced.keys() | consumed.keys()):
        for role, count in (("producers", produced[variable]), ("consumers", consumed[variable])):
            if count != 1:
                raise ScheduleError(f"has {count} {role} instead of one", variable=variable)


def _specs(schedule: Schedule, microarchitecture: Microarchitecture) -> Mapping[str, UnitSpec]:
    """The unit behind every tag, those allocated from prototypes included."""
    specs = {spec.tag: spec for spec in microarchitecture.units}
    for tag, _ in schedule.bound:
        if tag in specs:
            continue
        prototype = next((p for p in microarchitecture.prototypes if _made_from(tag, p, microarchitecture.name)), None)
        if prototype is None:
            raise ScheduleError(f"no such unit; there are {', '.join(specs)}", unit=tag)
        specs[tag] = replace(prototype, tag=tag)
    return specs


def _made_from(tag: str, prototype: UnitSpec, network: str) -> bool:
    """Whether a tag is that of a unit allocated from a prototype: ``net1_accum3`` from ``accum{x}``."""
    pattern = r"\d+".join(re.escape(part) for part in f"{network}_{prototype.tag}".split("{x}"))
    return re.fullmatch(pattern, tag) is not None
