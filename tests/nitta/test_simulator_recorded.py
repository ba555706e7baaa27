"""The simulator against schedules that a real NITTA made: right as they are, wrong as soon as something moves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.microarchitecture import DEFAULT
from gymcc.envs.nitta.schedule import Schedule, Transport
from gymcc.envs.nitta.simulator import ScheduleError, check

from .recorded import DATA
from .recorded_schedules import program, schedules

NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in (DATA / "traces").glob("*.jsonl.gz"))
RECORDED = {name: list(schedules(name)) for name in NAMES}
ALL = [(name, schedule) for name in NAMES for _, schedule, _ in RECORDED[name]]
any_schedule = st.integers(0, len(ALL) - 1)  # a number, so that a failure prints no hundreds of schedules


def with_transport(schedule: Schedule, at: int, transport: Transport) -> Schedule:
    return replace(schedule, transports=(*schedule.transports[:at], transport, *schedule.transports[at + 1 :]))


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_schedule_computes_its_program(name):
    assert RECORDED[name]
    for seed, (_, schedule, duration) in enumerate(RECORDED[name]):
        assert schedule.duration == duration
        check(schedule, program(name), DEFAULT, seed=seed, iterations=4)


@pytest.mark.parametrize("name", NAMES)
def test_no_transport_could_come_a_tick_earlier(name):
    """NITTA takes the first tick that the hardware allows, so the simulator's bounds must be just as tight."""
    for _, schedule, _ in RECORDED[name]:
        last = -1
        for at, transport in enumerate(schedule.transports):
            if transport.tick - 1 > last:
                early = with_transport(schedule, at, replace(transport, tick=transport.tick - 1))
                with pytest.raises(ScheduleError, match="too early") as caught:
                    check(early, program(name), DEFAULT, iterations=1)
                assert caught.value.tick == transport.tick - 1
                assert caught.value.unit in {transport.source, *(tag for tag, _ in transport.targets)}
            last = transport.tick


@settings(max_examples=40)
@given(any_schedule, st.data())
def test_a_lost_transport_is_missed(number, data):
    name, schedule = ALL[number]
    at = data.draw(st.integers(0, len(schedule.transports) - 1))
    lost = {variable for _, variable in schedule.transports[at].targets}
    short = replace(schedule, transports=schedule.transports[:at] + schedule.transports[at + 1 :])
    with pytest.raises(ScheduleError, match="is never transferred") as caught:
        check(short, program(name), DEFAULT, iterations=1)
    assert caught.value.variable in lost


@settings(max_examples=40)
@given(any_schedule, st.data())
def test_values_in_the_wrong_order_are_caught(number, data):
    """Two transports that change places: some value is not there yet, or a unit is busy, or the outcome differs."""
    name, schedule = ALL[number]
    first, second = sorted(data.draw(st.sets(st.integers(0, len(schedule.transports) - 1), min_size=2, max_size=2)))
    one, two = schedule.transports[first], schedule.transports[second]
    swapped = with_transport(schedule, first, replace(two, tick=one.tick))
    swapped = with_transport(swapped, second, replace(one, tick=two.tick))
    with suppress(ScheduleError):
        check(swapped, program(name), DEFAULT)
        # Legal, so the later one cannot have been computed from the earlier one.
        assert not any(
            variable in function.inputs and variables & function.produced
            for _, functions in schedule.bound
            for function in functions
            for _, variable in one.targets
            for variables in [{v for _, v in two.targets}]
        )


@settings(max_examples=40)
@given(any_schedule, st.data())
def test_a_function_on_a_unit_that_cannot_is_refused(number, data):
    name, schedule = ALL[number]
    at = data.draw(st.integers(0, len(schedule.bound) - 1))
    tag, functions = schedule.bound[at]
    other = data.draw(st.sampled_from([spec for spec in DEFAULT.units if spec.tag.rstrip("12") != tag.rstrip("12")]))
    kept = dict(schedule.bound)
    moved = kept | {tag: functions[1:], other.tag: (*kept.get(other.tag, ()), functions[0])}
    with pytest.raises(ScheduleError, match=f"a {other.type} cannot compute") as caught:
        check(replace(schedule, bound=tuple(moved.items())), program(name), DEFAULT, iterations=1)
    assert caught.value.unit == other.tag


@settings(max_examples=30)
@given(any_schedule, st.data())
def test_a_function_on_two_units_is_refused(number, data):
    name, schedule = ALL[number]
    function = data.draw(st.sampled_from([f for _, functions in schedule.bound for f in functions]))
    twice = tuple(
        (tag, (*functions, function) if at == 0 else functions) for at, (tag, functions) in enumerate(schedule.bound)
    )
    with pytest.raises(ScheduleError, match="is bound 2 times"):
        check(replace(schedule, bound=twice), program(name), DEFAULT, iterations=1)
