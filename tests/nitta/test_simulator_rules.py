"""The rules that hold for all units: bus, binding, outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.schedule import Transport
from gymcc.envs.nitta.simulator import ScheduleError, check, run

from .hand_schedules import ECHO, broken, execute, function, schedule

COUNTER = {
    "fram1": ["LoopBegin(5) = i", "LoopEnd(n#0) pair out: i"],
    "fram2": ["const(2.0) = k"],
    "accum": ["i + k = n#0 = n#1"],
    "spi": ["send(n#1)"],
}
COUNTING = ("1 fram2 > k accum", "3 fram1 > i accum", "6 accum > n#0 fram1, n#1 spi")


class TestBus:
    def test_a_loop_counts(self):
        assert [each["n#1"] for each in execute(schedule(COUNTER, *COUNTING), 4)] == [7, 9, 11, 13]

    def test_one_value_per_tick(self):
        error = broken(schedule(COUNTER, "3 fram2 > k accum", "3 fram1 > i accum", "6 accum > n#0 fram1, n#1 spi"))
        assert (error.tick, error.unit, error.variable) == (3, "fram1", "i")
        assert str(error) == "tick 3, unit fram1, variable i: the bus carries one value per tick"

    def test_time_goes_forward(self):
        error = broken(schedule(COUNTER, "4 fram2 > k accum", "3 fram1 > i accum", "7 accum > n#0 fram1, n#1 spi"))
        assert error.rule == "transports are not in order"

    def test_a_variable_moves_once(self):
        assert broken(schedule(COUNTER, *COUNTING, "9 accum > n#1 spi")).rule == "is transferred twice"
        assert broken(schedule(COUNTER, *COUNTING[:2], "6 accum > n#0 fram1")).rule == "is never transferred"

    def test_source_and_target_know_the_variable(self):
        wrong_source = broken(schedule(COUNTER, "1 fram1 > k accum", *COUNTING[1:]))
        assert (wrong_source.unit, wrong_source.rule) == ("fram1", "does not compute this variable")
        assert broken(schedule(COUNTER, "1 nowhere > k accum", *COUNTING[1:])).unit == "nowhere"
        wrong_target = broken(schedule(COUNTER, *COUNTING[:2], "6 accum > n#0 spi, n#1 fram1"))
        assert (wrong_target.unit, wrong_target.variable) == ("spi", "n#0")
        assert wrong_target.rule == "has no use for this variable"
        assert broken(schedule({**ECHO}, "1 spi > x nowhere"), x=[1]).unit == "nowhere"

    def test_one_transport_carries_one_value(self):
        bound = {"div": ["b / a = q; b mod a = r"], "spi": ["receive() = a", "receive() = b", "send(q)", "send(r)"]}
        planned = schedule(bound, "1 spi > a div", "3 spi > b div", "9 div > q spi", "10 div > r spi")
        assert execute(planned, a=[7], b=[2])[0] == {"a": 7, "b": 2, "q": 3, "r": 1}
        several = schedule(bound, "1 spi > a div", "3 spi > b div", "9 div > q spi, r mux")
        assert broken(several).rule == "one transport for several values: q, r"

    def test_a_unit_takes_one_variable_at_a_time(self):
        bound = {"mul": ["x#0 * x#1 = y"], "spi": ["receive() = x#0 = x#1", "send(y)"]}
        error = broken(schedule(bound, "1 spi > x#0 mul, x#1 mul", "4 mul > y spi"), x=[3])
        assert (error.unit, error.rule) == ("mul", "takes two variables at once")

    def test_a_transport_goes_somewhere(self):
        planned = replace(schedule(ECHO), transports=(Transport(1, "spi", ()),))
        assert broken(planned, x=[1]).rule == "a transport to nowhere"

    def test_only_divider_and_spi_send_to_themselves(self):
        assert execute(schedule(ECHO, "1 spi > x spi"), x=[8]) == [{"x": 8}]
        own = {"accum": ["-x = y", "-y = z"], "spi": ["receive() = x", "send(z)"]}
        error = broken(schedule(own, "1 spi > x accum", "4 accum > y accum", "7 accum > z spi"), x=[1])
        assert error.rule == "cannot send to itself: one port for both ways"


class TestBinding:
    def test_waiting_functions(self):
        planned = replace(schedule(ECHO, "1 spi > x spi"), waiting=(function("const(1.0) = c"),))
        assert "const(1.000000) = c is bound to no unit" in str(broken(planned))

    def test_the_unit_must_be_able(self):
        assert broken(schedule({"mul": ["receive() = x"], "spi": ["send(x)"]})).rule == (
            "a Multiplier cannot compute receive() = x"
        )

    def test_bound_twice(self):
        assert (
            "is bound 2 times"
            in broken(schedule({**ECHO, "fram1": ["const(1.0) = c"], "fram2": ["const(1.0) = c"]})).rule
        )

    def test_an_unbroken_loop(self):
        assert "is not broken" in broken(schedule({"fram1": ["loop(1.0, x) = y"], "spi": ["send(y)"]})).rule

    def test_a_loop_in_two_memories(self):
        split = {
            "fram1": ["LoopBegin(5) = i"],
            "fram2": ["LoopEnd(x) pair out: i"],
            "spi": ["receive() = x", "send(i)"],
        }
        assert broken(schedule(split)).rule == "the two halves of a loop are not in the same memory"

    def test_one_producer_and_one_consumer(self):
        assert broken(schedule({"spi": ["send(x)"]})).rule == "has 0 producers instead of one"
        assert broken(schedule({"spi": ["receive() = x"]})).rule == "has 0 consumers instead of one"

    def test_unknown_units(self):
        assert (
            "no such unit; there are accum, compare"
            in broken(schedule({"uart": ["receive() = x"], "spi": ["send(x)"]})).rule
        )

    def test_units_made_from_prototypes(self):
        machine = Microarchitecture(
            (UnitSpec("spi", UnitType.SPI),),
            (UnitSpec("fram{x}", UnitType.FRAM, size=1), UnitSpec("mul", UnitType.MULTIPLIER)),
        )
        bound = {"net1_fram7": ["const(3.0) = c"], "net1_mul": ["c * x = y"], "spi": ["receive() = x", "send(y)"]}
        planned = schedule(bound, "1 spi > x net1_mul", "2 net1_fram7 > c net1_mul", "5 net1_mul > y spi")
        assert execute(planned, 1, machine, x=[4])[0]["y"] == 12
        assert broken(planned, replace(machine, name="other"), x=[4]).rule.startswith("no such unit")


class TestBypass:
    """A value whose producer sends it beside the second of two buffers: NITTA's names deny what happens."""

    BOUND = {
        "spi": ["receive() = a", "receive() = b", "send(x)", "send(y)"],
        "accum": ["a + b = x@buf@buf"],
        "fram1": ["buffer(x@buf@buf) = x@buf = y"],
        "fram2": ["buffer(x@buf) = x"],
    }
    ARGUMENTS = ("1 spi > a accum", "3 spi > b accum")
    REST = ("7 accum > x@buf@buf fram1", "9 fram2 > x spi", "10 fram1 > y spi")

    def test_the_sender_counts_as_the_producer(self):
        planned = schedule(self.BOUND, *self.ARGUMENTS, "6 accum > x@buf fram2", *self.REST)
        values = execute(planned, a=[3], b=[4])[0]
        assert values["x"] == values["y"] == values["x@buf"] == 7

    def test_a_loop_may_send_so_too(self):
        bound = {
            "spi": ["receive() = n", "send(x)", "send(y)"],
            "fram1": ["LoopBegin(5) = x@buf@buf", "LoopEnd(n) pair out: x@buf@buf"],
            "fram2": ["buffer(x@buf@buf) = x@buf = y"],
            "accum": ["-x@buf = x"],
        }
        moves = (
            "1 fram1 > x@buf accum",
            "3 fram1 > x@buf@buf fram2",
            "4 accum > x spi",
            "6 fram2 > y spi",
            "8 spi > n fram1",
        )
        values = execute(schedule(bound, *moves), 2, n=[8, 9])
        assert [(each["x"], each["y"]) for each in values] == [(-5, 5), (-8, 8)]

    def test_nobody_else_may_send_it(self):
        error = broken(schedule(self.BOUND, *self.ARGUMENTS, "6 spi > x@buf fram2", *self.REST), a=[3], b=[4])
        assert (error.unit, error.variable, error.rule) == ("spi", "x@buf", "does not compute this variable")


class TestCheck:
    PROGRAM = Program(
        "counter",
        tuple(map(function, ("const(2.0) = k", "i + k = n#0 = n#1", "send(n#1)", "loop(5.0, n#0) = i"))),
    )

    def test_a_right_schedule(self):
        check(schedule(COUNTER, *COUNTING), self.PROGRAM, DEFAULT, iterations=6)

    @pytest.mark.parametrize(
        ("unit", "old", "new", "value"),
        [
            ("accum", "i + k = n#0 = n#1", "i - k = n#0 = n#1", "carries 3.000000 in iteration 0 instead of 7.000000"),
            ("fram2", "const(2.0) = k", "const(3.0) = k", "carries 3.000000 in iteration 0 instead of 2.000000"),
            ("fram1", "LoopBegin(5) = i", "LoopBegin(6) = i", "carries 6.000000 in iteration 0 instead of 5.000000"),
        ],
    )
    def test_another_outcome_is_caught(self, unit, old, new, value):
        changed = {
            tag: [new if tag == unit and each == old else each for each in texts] for tag, texts in COUNTER.items()
        }
        with pytest.raises(ScheduleError, match=value):
            check(schedule(changed, *COUNTING), self.PROGRAM, DEFAULT)

    def test_what_is_sent_and_kept_must_be_the_same(self):
        silent = {**COUNTER, "spi": [], "accum": ["i + k = n#0"]}
        with pytest.raises(ScheduleError, match="variable n#1: is not sent, as it is in the program"):
            check(schedule(silent, *COUNTING[:2], "6 accum > n#0 fram1"), self.PROGRAM, DEFAULT)
        talking = {**COUNTER, "accum": ["i + k = n#0 = n#1 = n#2"], "spi": ["send(n#1)", "send(n#2)"]}
        with pytest.raises(ScheduleError, match="variable n#2: is sent, other than in the program"):
            check(schedule(talking, *COUNTING, "9 accum > n#2 spi"), self.PROGRAM, DEFAULT)

    def test_numbers_wrap_as_the_type_says(self):
        narrow = NumberType(4, 4)
        texts = ("receive() = x#0 = x#1", "x#0 + x#1 = y", "send(y)")
        program = Program("double", tuple(map(function, texts)), narrow)
        planned = schedule(
            {"spi": [texts[0], texts[2]], "accum": [texts[1]]},
            "1 spi > x#0 accum",
            "3 spi > x#1 accum",
            "6 accum > y spi",
        )
        check(planned, program, DEFAULT, iterations=20)
        values = run(planned, DEFAULT, narrow, {"x": [narrow.of(7)]}, 1)[0]
        assert float(values["y"]) == -2
