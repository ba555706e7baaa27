"""When units take and give values, number by number, for sizes that the recordings do not have as well."""

from __future__ import annotations

import pytest

from gymcc.envs.nitta.functions import Function, Kind, acc, constant
from gymcc.envs.nitta.microarchitecture import UnitSpec, UnitType
from gymcc.envs.nitta.numbers import DEFAULT_TYPE
from gymcc.envs.nitta.units import FOREVER, InvalidDecision, make_unit

ONE = DEFAULT_TYPE.of(1)


def unit(type_: UnitType, *functions: Function, **sizes: int):
    idle = make_unit(UnitSpec("unit", type_, **sizes))
    for function in functions:
        assert idle.accepts(function)
        idle = idle.bind(function)
    return idle


def offers(busy) -> dict[str, int]:
    """By variable the first tick at which it could move."""
    return {variable: e.earliest for e in busy.endpoints for variable in e.variables}


def division(name: str) -> Function:
    return Function(Kind.DIVISION, (f"n{name}", f"d{name}"), [[f"q{name}"], [f"r{name}"]])


@pytest.mark.parametrize("pipeline", [1, 2, 4, 9])
def test_divider_results_come_after_its_pipeline(pipeline):
    divider = unit(UnitType.DIVIDER, division("1"), division("2"), pipeline=pipeline)
    assert offers(divider) == dict.fromkeys(("n1", "d1", "n2", "d2"), 0)
    divider = divider.take("d1", 3)
    assert offers(divider) == {"n1": 4}
    divider = divider.take("n1", 5)
    assert divider.next_tick == 7
    ready = 5 + pipeline + 2
    assert offers(divider) == {"n2": 7, "d2": 7, "q1": max(ready, 7), "r1": max(ready, 7)}
    assert {e.latest for e in divider.sources} == {FOREVER}
    assert all(e.restricted for e in divider.sources)
    divider = divider.take("n2", 7).take("d2", 8)
    assert [(set(e.variables), e.latest) for e in divider.sources] == [({"q1"}, 9 + pipeline), ({"r1"}, 9 + pipeline)]
    after = divider.give(["q1"], max(ready, 10))
    assert offers(after) == {"r1": max(ready, max(ready, 10) + 1)}
    assert set(offers(after.give(["r1"], 20))) == {"q2", "r2"}


def test_a_divider_keeps_the_first_deadline_of_a_result():
    divider = unit(UnitType.DIVIDER, *map(division, "321"), pipeline=4)
    for tick, variable in ((0, "n1"), (1, "d1"), (3, "n2"), (4, "d2"), (6, "n3"), (7, "d3")):
        divider = divider.take(variable, tick)
    assert {e.latest for e in divider.sources} == {4 + 1 + 4}
    divider = divider.give(["q1"], 8).give(["r1"], 9)
    assert {e.latest for e in divider.sources} == {7 + 1 + 4}


def test_a_divider_cannot_give_what_it_waits_for():
    chained = Function(Kind.DIVISION, ("q1", "x"), [["y"], ["z"]])
    divider = unit(UnitType.DIVIDER, chained, division("1")).take("n1", 0).take("d1", 1).take("x", 3)
    with pytest.raises(InvalidDecision, match="waits for q1"):
        divider.give(["q1"], 8)


@pytest.mark.parametrize(
    ("bits", "taken", "given"), [(0, 2, 2), (3, 4, 5), (7, 8, 9), (8, 2, 3), (16, 3, 4), (19, 6, 7)]
)
def test_a_shift_takes_a_byte_or_a_bit_a_tick_and_counts_that_twice(bits, taken, given):
    shift = unit(UnitType.SHIFT, Function(Kind.SHIFT_LEFT, ("a",), [["b", "c"]], bits)).take("a", 10)
    assert shift.next_tick == 10 + taken
    assert offers(shift) == dict.fromkeys("bc", 10 + taken + given)
    assert shift.give(["b"], 30).next_tick == 30


@pytest.mark.parametrize("kind", ["ThreeTicks", "Multiplexer"])
def test_units_of_one_job_wait_for_the_last_argument(kind):
    if kind == "ThreeTicks":
        busy = unit(UnitType.MULTIPLIER, Function(Kind.MULTIPLY, ("a", "b"), [["c", "d"]]))
        assert offers(busy) == {"a": 0, "b": 0}
        busy = busy.take("b", 2).take("a", 4)
        assert offers(busy) == {"c": 7, "d": 7}
        assert offers(busy.give(["c"], 7)) == {"d": 8}
    else:
        busy = unit(UnitType.MULTIPLEXER, Function(Kind.MUX, ("s", "a", "b"), [["c", "d"]]))
        for variable, tick in (("a", 2), ("b", 3), ("s", 4)):
            assert set(offers(busy)) == {variable}
            busy = busy.take(variable, tick)
        assert offers(busy) == {"c": 7, "d": 7}
        assert offers(busy.give(["c"], 7)) == {"d": 10}


def test_an_accumulator_pauses_before_a_job_and_before_a_result():
    chain = acc([("+", ("a",)), ("-", ("b",)), ("=", ("c",)), ("+", ("d",)), ("=", ("e",)), ("=", ("f",))])
    accum = unit(UnitType.ACCUM, chain)
    assert offers(accum) == {"a": 0, "b": 0}
    accum = accum.take("b", 0)
    assert offers(accum) == {"a": 1}
    accum = accum.take("a", 1)
    assert offers(accum) == {"c": 4}
    accum = accum.give(["c"], 4)
    assert offers(accum) == {"d": 5}
    accum = accum.take("d", 5)
    assert offers(accum) == {"e": 8, "f": 8}
    assert offers(accum.give(["e"], 8)) == {"f": 9}
    busy = accum.give(["e", "f"], 8).bind(Function(Kind.NEG, ("g",), [["h"]]))
    assert offers(busy) == {"g": 9}


def test_a_memory_cell_just_written_is_read_a_tick_later():
    buffer = Function(Kind.BUFFER, ("a",), [["b"]])
    memory = unit(UnitType.FRAM, buffer, constant(ONE, ["k"]), size=4)
    assert offers(memory) == {"a": 0, "k": 1}
    memory = memory.take("a", 3)
    assert offers(memory) == {"b": 6, "k": 5}
    memory = memory.give(["k"], 5)
    assert offers(memory) == {"b": 6}


def test_a_queued_buffer_keeps_a_cell_of_a_memory_free_and_gives_it_back():
    buffer, other = Function(Kind.BUFFER, ("a",), [["b"]]), Function(Kind.BUFFER, ("c",), [["d"]])
    memory = unit(UnitType.FRAM, constant(ONE, ["k"]), buffer, size=2)
    assert not memory.accepts(constant(ONE, ["l"]))
    assert memory.accepts(other)
    assert memory.bind(other).fitting((constant(ONE, ["l"]),)) == [False]
    memory = memory.bind(other).take("a", 0)
    assert set(offers(memory)) == {"k", "b"}  # both cells are in use: the other buffer has to wait
    memory = memory.give(["b"], 3)
    assert offers(memory) == {"c": 4, "k": 4}
    memory = memory.take("c", 4)
    assert len(memory.cells) == 2
    assert not memory.accepts(constant(ONE, ["l"]))


def test_what_shares_a_variable_with_anything_that_a_memory_held_is_refused_for_ever():
    memory = unit(UnitType.FRAM, Function(Kind.BUFFER, ("a",), [["b"]]), size=8).take("a", 0).give(["b"], 3)
    assert not memory.accepts(Function(Kind.BUFFER, ("b",), [["c"]]))
    both = (constant(ONE, ["x"]), Function(Kind.BUFFER, ("x",), [["y"]]), Function(Kind.BUFFER, ("z",), [["w"]]))
    assert memory.fitting(both) == [True, False, True]


@pytest.mark.parametrize("depth", [1, 6, 8])
def test_an_spi_takes_so_many_of_each(depth):
    receives = [Function(Kind.RECEIVE, (), [[f"a{at}"]]) for at in range(depth + 1)]
    sends = [Function(Kind.SEND, (f"b{at}",), ()) for at in range(depth + 1)]
    spi = unit(UnitType.SPI, *receives[:depth], buffer_size=depth)
    assert spi.fitting((receives[depth], *sends)) == [False, *[True] * depth, False]
    assert offers(spi) == {f"a{at}": 1 for at in range(depth)}


@pytest.mark.parametrize("type_", list(UnitType))
def test_what_fits_one_after_the_other_is_what_can_be_bound_one_after_the_other(type_):
    functions = [
        *(constant(ONE, [f"k{at}"]) for at in range(2)),
        Function(Kind.BUFFER, ("k0",), [["p"]]),
        Function(Kind.BUFFER, ("u",), [["v"]]),
        *(constant(ONE, [f"l{at}"]) for at in range(2)),
        *(Function(Kind.RECEIVE, (), [[f"a{at}"]]) for at in range(3)),
        *(Function(Kind.SEND, (f"b{at}",), ()) for at in range(3)),
        Function(Kind.ADD, ("c", "d"), [["e"]]),
        division("9"),
    ]
    busy = make_unit(UnitSpec("unit", type_, size=4, buffer_size=2))
    fits = busy.fitting(functions)
    for function, fit in zip(functions, fits, strict=True):
        assert busy.accepts(function) == fit
        busy = busy.bind(function) if fit else busy
