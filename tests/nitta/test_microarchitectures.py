"""Any program on any microarchitecture: decisions do what they promise, and complete schedules compute the program."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.frontend import LuaError, compile_lua
from gymcc.envs.nitta.library import HERE, Library, shipped_sources
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.options import binds, classes
from gymcc.envs.nitta.problem import MAX_STEPS
from gymcc.envs.nitta.simulator import check
from gymcc.envs.nitta.toml import dump_microarchitecture, load_microarchitecture
from gymcc.envs.nitta.tree import open_tree

from .platforms import platforms, walk

SHIPPED = [name for name in shipped_sources() if name.startswith(("tiny", "small"))]
generated = st.builds("gen/{}/{}".format, st.sampled_from(("tiny", "small")), st.integers(0, 10**6))
programs = st.one_of(st.sampled_from(SHIPPED), generated)
number_types = st.sampled_from(("fx32.32", "fx24.32", "fx8.16"))


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(platforms(), programs, number_types, st.sampled_from(("nitta", "obvious", "off")), st.integers(0, 10**6))
def test_walks_end_and_complete_schedules_compute_the_program(platform, name, number_type, group_binds, seed):
    try:
        program = compile_lua(Library().source(name), name, NumberType.parse(number_type))
    except LuaError:
        assume(False)  # a number that does not fit
    root = open_tree(program, platform, group_binds)
    for number in range(3):
        end = walk(root, Random(seed + number))
        assert end.depth <= MAX_STEPS
        assert root.at(end.sid) == end
        if end.is_complete:
            assert not end.options
            check(end.schedule(), program, platform, seed=seed)


@pytest.mark.parametrize("name", ["medium/fir5", "medium/cordic", "hard/alu", "gen/medium/3"])
@pytest.mark.parametrize("uarch", ["default", "tight", "two_accumulators", "auto"])
def test_larger_programs_on_the_shipped_microarchitectures(name, uarch):
    platform = load_microarchitecture(HERE / "data" / "uarch" / f"{uarch}.toml")
    program = Library().program(name)
    for seed in range(2):
        end = walk(open_tree(program, platform, "obvious"), Random(seed))
        if end.is_complete:
            check(end.schedule(), program, platform, seed=seed)


@given(platforms().filter(lambda platform: platform.units or platform.prototypes))
def test_a_random_microarchitecture_is_one_that_a_file_can_hold(platform):
    again = load_microarchitecture(dump_microarchitecture(platform))
    assert [unit.tag for unit in again.units] == [unit.tag for unit in platform.units]


def many(count: int) -> Microarchitecture:
    """So many units of every type."""
    units = [UnitSpec(f"{type_.lower()}{n}", type_) for type_ in UnitType for n in range(count)]
    return Microarchitecture(tuple(sorted(units, key=lambda unit: unit.tag)))


@pytest.mark.parametrize("name", ["tiny/gcd", "small/fir2", "small/magnitude", "tiny/larger"])
@pytest.mark.parametrize("count", [2, 3])
def test_groups_are_the_last_of_each_class_of_all_assignments(name, count):
    state = open_tree(Library().program(name), many(count)).state
    ambiguous = [(function, units) for function, units in binds.candidates(state) if len(units) > 1][:7]
    found = {}
    for choice in product(*(units for _, units in ambiguous)):
        assigned = tuple((function, at) for (function, _), at in zip(ambiguous, choice, strict=True))
        beginning = {}
        for function, at in assigned:
            beginning.setdefault(at, []).append(classes.rank(function.kind))
        runs = set()
        for at, ranks in beginning.items():
            ends = [i for i in range(len(ranks)) if i + 1 == len(ranks) or ranks[i + 1] != ranks[i]]
            lengths = [end - start for start, end in zip([-1, *ends], ends, strict=False)]
            pairs = sorted({(ranks[end], length) for end, length in zip(ends, lengths, strict=True)})
            runs.add((state.units[at].type, len(state.units[at].functions), tuple(pairs)))
        found[tuple(sorted(runs))] = assigned
    assert classes.representatives(state, ambiguous) == [binds for _, binds in sorted(found.items())]


def test_so_many_classes_that_nitta_would_not_end_are_a_part(monkeypatch):
    state = open_tree(Library().program("hard/matrix2"), many(3)).state
    ambiguous = [(function, units) for function, units in binds.candidates(state) if len(units) > 1]
    whole = classes.representatives(state, ambiguous[:9])
    monkeypatch.setattr(classes, "MOST_BEGINNINGS", len(whole) // 4)
    part = classes.representatives(state, ambiguous[:9])
    assert len(whole) / 20 < len(part) < len(whole) / 2
    assert all(
        [function for function, _ in assigned] == [function for function, _ in ambiguous[:9]] for assigned in part
    )
    found = classes.representatives(state, ambiguous)  # more than 3 ** 20 assignments
    assert 10 < len(found) <= classes.MOST_OF_ENDLESS


def test_a_third_buffer_whose_name_two_claim_is_a_schedule_that_computes_the_program():
    counts = {
        UnitType.ACCUM: 3, UnitType.COMPARATOR: 1, UnitType.DIVIDER: 3, UnitType.FRAM: 1, UnitType.MULTIPLEXER: 1,
        UnitType.MULTIPLIER: 3, UnitType.SHIFT: 1, UnitType.SPI: 1,
    }  # fmt: skip
    units = tuple(
        UnitSpec(f"{type_.lower()}{n}", type_, size=4) for type_, count in counts.items() for n in range(count)
    )
    more = (UnitType.FRAM, UnitType.ACCUM, UnitType.SHIFT)
    prototypes = tuple(UnitSpec(f"p{type_}{{x}}", type_, size=4) for type_ in more)
    platform = Microarchitecture(units, prototypes)
    program = compile_lua(Library().source("gen/small/223573"), "x", NumberType.parse("fx8.16"))
    sid = "-14-11-13-3-12-10-6-0-3-5-2-0-0-3-0-1-0-7-8-12-12-0-7-2-0-0-1-0-0-1-0-0-0-0-0-0-0-0"
    end = open_tree(program, platform, "obvious").at(sid)
    produced = [variable for _, functions in end.schedule().bound for f in functions for variable in f.produced]
    assert end.is_complete
    assert len(produced) == len(set(produced)) + 1
    check(end.schedule(), program, platform)
