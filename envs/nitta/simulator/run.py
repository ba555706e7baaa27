"""Execute a schedule: transports in order, the same for every iteration of the algorithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gymcc.envs.nitta.evaluate import value_name
from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.microarchitecture import Microarchitecture
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.schedule import Schedule, Transport
from gymcc.envs.nitta.simulator.bypass import with_true_producers
from gymcc.envs.nitta.simulator.errors import ScheduleError
from gymcc.envs.nitta.simulator.machine import assemble
from gymcc.envs.nitta.simulator.spi import Spi
from gymcc.envs.nitta.simulator.unit import UnitModel


def run(
    schedule: Schedule,
    microarchitecture: Microarchitecture,
    number_type: NumberType,
    received: Mapping[str, Sequence[Fixed]],
    iterations: int,
) -> list[Mapping[str, Fixed]]:
    """What every variable carried over the bus, per iteration.

    ``received`` gives for each name of :func:`gymcc.envs.nitta.evaluate.receives` one value per iteration. Raises
    :class:`ScheduleError` for the first rule that the schedule breaks.
    """
    schedule = with_true_producers(schedule)
    units = assemble(schedule, microarchitecture, number_type)
    _check_transports(schedule, units)
    results = []
    for iteration in range(iterations):
        for unit in units.values():
            unit.begin()
            if isinstance(unit, Spi):
                unit.received = {f: values[iteration] for f, values in _streams(unit, received).items()}
        results.append(_iterate(schedule, units))
    return results


def _streams(unit: Spi, received: Mapping[str, Sequence[Fixed]]) -> dict[Function, Sequence[Fixed]]:
    """The values of each receive that anyone reads."""
    streams = {}
    for function in unit.functions:
        if function.kind is Kind.RECEIVE and function.produced:
            variable = min(function.produced)
            if value_name(variable) not in received:
                raise unit.error(f"no values to receive are given for {value_name(variable)}", variable=variable)
            streams[function] = received[value_name(variable)]
    return streams


def _check_transports(schedule: Schedule, units: Mapping[str, UnitModel]) -> None:
    """One transport in a tick, from and to units that there are; every variable moves exactly once."""
    moved: set[str] = set()
    last = -1
    for transport in schedule.transports:
        _check_transport(transport, units)
        if transport.tick <= last:
            rule = "the bus carries one value per tick" if transport.tick == last else "transports are not in order"
            raise ScheduleError(rule, transport.tick, transport.source, transport.targets[0][1])
        last = transport.tick
        for tag, variable in transport.targets:
            if variable in moved:
                raise ScheduleError("is transferred twice", transport.tick, tag, variable)
            moved.add(variable)
    for unit in units.values():
        for variable in sorted(unit.producers):
            if variable not in moved:
                raise ScheduleError("is never transferred", unit=unit.tag, variable=variable)


def _check_transport(transport: Transport, units: Mapping[str, UnitModel]) -> None:
    """The source computes all that is sent, in one output; each target needs what it takes, and takes one value."""
    tick, tag = transport.tick, transport.source
    if not transport.targets:
        raise ScheduleError("a transport to nowhere", tick, tag)
    variables = {variable for _, variable in transport.targets}
    for variable in sorted(variables):
        if tag not in units or variable not in units[tag].producers:
            raise ScheduleError("does not compute this variable", tick, tag, variable)
    first = min(variables)
    if not any(variables <= set(group) for group in units[tag].results(units[tag].producers[first])):
        raise ScheduleError(f"one transport for several values: {', '.join(sorted(variables))}", tick, tag, first)
    taking: set[str] = set()
    for target, variable in transport.targets:
        if target not in units or variable not in units[target].consumers:
            raise ScheduleError("has no use for this variable", tick, target, variable)
        if target in taking:
            raise ScheduleError("takes two variables at once", tick, target, variable)
        taking.add(target)


def _iterate(schedule: Schedule, units: Mapping[str, UnitModel]) -> Mapping[str, Fixed]:
    values: dict[str, Fixed] = {}
    for transport in schedule.transports:
        source = units[transport.source]
        variables = [variable for _, variable in transport.targets]
        into_itself = next((variable for tag, variable in transport.targets if tag == source.tag), None)
        if into_itself is None:
            value = source.give(transport.tick, variables)
        else:
            value = source.give_itself(transport.tick, variables, into_itself)
        for tag, variable in transport.targets:
            if tag != source.tag:
                units[tag].take(transport.tick, variable, value)
            values[variable] = value
    return values
