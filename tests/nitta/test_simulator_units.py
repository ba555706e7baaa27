"""Every rule of a unit of the simulator, broken once in a schedule written by hand."""

from __future__ import annotations

import pytest

from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.schedule import Schedule

from .hand_schedules import ECHO, broken, execute, schedule


class TestSpi:
    def test_depth(self):
        shallow = Microarchitecture((UnitSpec("spi", UnitType.SPI, buffer_size=1),))
        bound = {"spi": ["receive() = x", "receive() = y", "send(x)", "send(y)"]}
        assert "2 values to send for a buffer of 1" in broken(schedule(bound), shallow).rule

    def test_a_read_after_a_write_waits(self):
        bound = {"spi": ["receive() = x", "receive() = y", "send(x)", "send(y)"]}
        assert broken(schedule(bound, "1 spi > x spi", "2 spi > y spi"), x=[1], y=[2]).rule.endswith(
            "not before tick 3"
        )
        assert execute(schedule(bound, "1 spi > y spi", "3 spi > x spi"), x=[1], y=[2]) == [{"x": 1, "y": 2}]

    def test_nothing_given_to_receive(self):
        assert "no values to receive are given for x" in str(broken(schedule(ECHO, "1 spi > x spi")))


class TestMemory:
    BUFFER = {"fram1": ["buffer(x) = y#0 = y#1"], "spi": ["receive() = x", "send(y#0)", "send(y#1)"]}

    def test_a_buffer_holds_its_value(self):
        planned = schedule(self.BUFFER, "1 spi > x fram1", "4 fram1 > y#1 spi", "5 fram1 > y#0 spi")
        assert execute(planned, 2, x=[4, 6]) == [{"x": 4, "y#1": 4, "y#0": 4}, {"x": 6, "y#1": 6, "y#0": 6}]

    def test_write_gap(self):
        early = broken(schedule(self.BUFFER, "1 spi > x fram1", "3 fram1 > y#0 spi", "9 fram1 > y#1 spi"), x=[4])
        assert (early.tick, early.variable) == (3, "y#0")
        assert early.rule == "too early, a cell just written is read two ticks later: not before tick 4"

    def test_read_before_written(self):
        unwritten = schedule(self.BUFFER, "1 fram1 > y#0 spi", "4 spi > x fram1", "7 fram1 > y#1 spi")
        assert broken(unwritten, x=[4]).rule == "read before it is written"

    def test_a_loop_value_is_not_overwritten(self):
        bound = {"fram1": ["LoopBegin(5) = i", "LoopEnd(x) pair out: i"], "spi": ["receive() = x", "send(i)"]}
        assert execute(schedule(bound, "1 fram1 > i spi", "3 spi > x fram1"), 2, x=[7, 9]) == [
            {"i": 5, "x": 7},
            {"i": 7, "x": 9},
        ]
        error = broken(schedule(bound, "1 spi > x fram1", "4 fram1 > i spi"), x=[7])
        assert (error.variable, error.rule) == ("x", "overwrites the loop value before i is read")

    def test_cells(self):
        machine = Microarchitecture((UnitSpec("fram1", UnitType.FRAM, size=1), UnitSpec("spi", UnitType.SPI)))
        constants = {"fram1": ["const(1.0) = a", "const(2.0) = b"], "spi": ["send(a)", "send(b)"]}
        assert broken(schedule(constants), machine).rule == "2 constants and loops for 1 cells"
        buffers = {
            "fram1": ["buffer(x) = a", "buffer(y) = b"],
            "spi": ["receive() = x", "receive() = y", "send(a)", "send(b)"],
        }
        crowded = schedule(buffers, "1 spi > x fram1", "3 spi > y fram1", "6 fram1 > a spi", "7 fram1 > b spi")
        assert broken(crowded, machine, x=[1], y=[2]).rule == "all 1 cells are in use"
        in_turn = schedule(buffers, "1 spi > x fram1", "4 fram1 > a spi", "6 spi > y fram1", "9 fram1 > b spi")
        assert execute(in_turn, 1, machine, x=[1], y=[2])[0]["b"] == 2


class TestAccumulator:
    INPUTS = {"a": [9], "b": [4], "c": [1], "d": [2]}

    def chain(self, *transports: str) -> Schedule:
        inputs = [f"receive() = {name}" for name in "abcd"]
        sums = ["Acc(+a -b = p, +c = q)", "-d = r"]
        return schedule({"accum": sums, "spi": [*inputs, "send(p)", "send(q)", "send(r)"]}, *transports)

    def test_a_chain(self):
        planned = self.chain(
            "1 spi > b accum", "3 spi > a accum", "6 accum > p spi", "8 spi > c accum", "11 accum > q spi",
            "13 spi > d accum", "16 accum > r spi",
        )  # fmt: skip
        values = execute(planned, **self.INPUTS)[0]
        assert (values["p"], values["q"], values["r"]) == (5, 6, -2)

    def test_groups_come_in_order(self):
        error = broken(self.chain("1 spi > b accum", "3 spi > c accum"), **self.INPUTS)
        assert error.rule == "is never transferred"
        rest = ("20 spi > a accum", "30 accum > p spi", "40 accum > q spi", "50 spi > d accum", "60 accum > r spi")
        error = broken(self.chain("1 spi > b accum", "3 spi > c accum", *rest), **self.INPUTS)
        assert error.rule == "a comes first in Acc(+a -b = p, +c = q)"
        assert (error.tick, error.variable) == (3, "c")

    def test_one_job_at_a_time(self):
        rest = ("20 spi > a accum", "30 accum > p spi", "33 spi > c accum", "40 accum > q spi", "60 accum > r spi")
        error = broken(self.chain("1 spi > b accum", "3 spi > d accum", *rest), **self.INPUTS)
        assert error.rule == "one job at a time: still busy with Acc(+a -b = p, +c = q)"

    def test_no_sum_without_all_arguments(self):
        rest = ("20 spi > a accum", "33 spi > c accum", "40 accum > q spi", "50 spi > d accum", "60 accum > r spi")
        error = broken(self.chain("1 spi > b accum", "9 accum > p spi", *rest), **self.INPUTS)
        assert error.rule == "the sum is not complete: arguments are missing"

    def test_a_new_job_waits_a_tick_more_where_the_last_one_had_no_result(self):
        bound = {"accum": ["-a = _", "-k = q"], "fram1": ["const(1.0) = k"], "spi": ["receive() = a", "send(q)"]}
        execute(schedule(bound, "1 spi > a accum", "3 fram1 > k accum", "6 accum > q spi"), a=[3])
        error = broken(schedule(bound, "1 spi > a accum", "2 fram1 > k accum", "6 accum > q spi"), a=[3])
        assert error.rule == "too early, the accumulator is busy: not before tick 3"

    def test_a_new_job_waits_a_tick(self):
        bound = {
            "accum": ["-a = p", "-k = q"],
            "fram1": ["const(1.0) = k"],
            "spi": ["receive() = a", "send(p)", "send(q)"],
        }
        planned = schedule(bound, "1 spi > a accum", "4 accum > p spi", "5 fram1 > k accum", "8 accum > q spi")
        assert execute(planned, a=[3])[0]["q"] == -1
        early = schedule(bound, "1 spi > a accum", "4 accum > p spi", "5 fram1 > k accum", "7 accum > q spi")
        assert broken(early, a=[3]).rule == "too early, the sum is not ready: not before tick 8"


class TestSerial:
    def test_multiplier(self):
        bound = {
            "mul": ["a * b = p#0 = p#1", "c * d = q"],
            "spi": [*(f"receive() = {name}" for name in "abcd"), "send(p#0)", "send(p#1)", "send(q)"],
        }
        tail = ("11 spi > c mul", "13 spi > d mul", "16 mul > q spi")
        inputs = {"a": [3], "b": [5], "c": [2], "d": [4]}
        planned = schedule(bound, "1 spi > b mul", "3 spi > a mul", "6 mul > p#1 spi", "7 mul > p#0 spi", *tail)
        assert execute(planned, **inputs)[0]["p#0"] == 15
        early = schedule(bound, "1 spi > b mul", "3 spi > a mul", "5 mul > p#1 spi", "7 mul > p#0 spi", *tail)
        assert broken(early, **inputs).rule == "too early, the result is not ready: not before tick 6"
        mixed = schedule(bound, "1 spi > b mul", "3 spi > c mul", "5 spi > a mul", "7 spi > d mul", "11 mul > p#0 spi",
                         "12 mul > p#1 spi", "13 mul > q spi")  # fmt: skip
        assert broken(mixed, **inputs).rule == "one job at a time: still busy with a * b = p#0 = p#1"
        empty = schedule(bound, "1 spi > b mul", "5 mul > p#0 spi, p#1 accum")
        assert broken(empty, **inputs).rule == "has no use for this variable"
        empty = schedule(
            bound,
            "1 spi > b mul",
            "5 mul > p#0 spi",
            "9 spi > a mul",
            "13 mul > p#1 spi",
            *("15 spi > c mul", "17 spi > d mul", "20 mul > q spi"),
        )
        assert broken(empty, **inputs).rule == "no result yet: arguments are missing"

    def test_comparator_takes_the_left_side_first(self):
        bound = {"compare": ["a CmpLt b = c"], "spi": ["receive() = a", "receive() = b", "send(c)"]}
        assert execute(schedule(bound, "1 spi > a compare", "3 spi > b compare", "6 compare > c spi"), a=[1], b=[2])[0][
            "c"
        ]
        error = broken(schedule(bound, "1 spi > b compare", "3 spi > a compare", "6 compare > c spi"), a=[1], b=[2])
        assert error.rule == "arguments come in order: a is next"

    def test_multiplexer_takes_the_selector_last(self):
        bound = {"mux": ["Mux s [a,b] = c"], "spi": ["receive() = a", "receive() = b", "receive() = s", "send(c)"]}
        inputs = {"a": [10], "b": [20], "s": [1]}
        planned = schedule(bound, "1 spi > a mux", "3 spi > b mux", "5 spi > s mux", "8 mux > c spi")
        assert execute(planned, **inputs)[0]["c"] == 20
        error = broken(schedule(bound, "1 spi > s mux", "3 spi > a mux", "5 spi > b mux", "8 mux > c spi"), **inputs)
        assert error.rule == "arguments come in order: a is next"

    @pytest.mark.parametrize(("bits", "ready"), [(0, 5), (1, 6), (4, 12), (8, 6), (16, 8), (11, 12)])
    def test_the_longer_the_shift_the_later_its_result(self, bits, ready):
        bound = {"shift": [f"x << {bits} = y"], "spi": ["receive() = x", "send(y)"]}
        assert execute(schedule(bound, "1 spi > x shift", f"{ready} shift > y spi"), x=[3])[0]["y"] == 3 << bits
        error = broken(schedule(bound, "1 spi > x shift", f"{ready - 1} shift > y spi"), x=[3])
        assert error.rule == f"too early, the result is not ready: not before tick {ready}"

    def test_a_second_read_of_a_shift_takes_as_long_again(self):
        bound = {"shift": ["x << 1 = y#0 = y#1"], "spi": ["receive() = x", "send(y#0)", "send(y#1)"]}
        execute(schedule(bound, "1 spi > x shift", "6 shift > y#1 spi", "9 shift > y#0 spi"), x=[3])
        error = broken(schedule(bound, "1 spi > x shift", "6 shift > y#1 spi", "8 shift > y#0 spi"), x=[3])
        assert error.rule == "too early, the result is not ready: not before tick 9"


class TestDivider:
    BOUND = {
        "div": ["b / a = q#0; b mod a = r#0", "d / c = q#1; d mod c = r#1"],
        "spi": [
            *(f"receive() = {name}" for name in "abcd"),
            *(f"send({name})" for name in ("q#0", "r#0", "q#1", "r#1")),
        ],
    }
    LOAD = ("1 spi > a div", "3 spi > b div", "5 spi > c div", "7 spi > d div")
    INPUTS = {"a": [17], "b": [5], "c": [9], "d": [2]}

    def wide(self, *transports: str) -> Schedule:
        return schedule(self.BOUND, *self.LOAD, *transports)

    def test_two_divisions_overlap(self):
        planned = self.wide("9 div > q#0 spi", "12 div > r#0 spi", "13 div > q#1 spi", "14 div > r#1 spi")
        values = execute(planned, **self.INPUTS)[0]
        assert [values[name] for name in ("q#0", "r#0", "q#1", "r#1")] == [3, 2, 4, 1]

    def test_a_result_is_lost_when_the_next_arrives(self):
        error = broken(
            self.wide("9 div > q#0 spi", "13 div > r#0 spi", "14 div > q#1 spi", "15 div > r#1 spi"), **self.INPUTS
        )
        assert (error.variable, error.rule) == ("r#0", "lost: the next result took its place after tick 12")

    def test_a_third_division_gives_the_first_no_more_time(self):
        texts = ["b / a = q#0; b mod a = r#0", "d / c = q#1; d mod c = _", "f / e = q#2; f mod e = _"]
        sends = [f"send({name})" for name in ("q#0", "r#0", "q#1", "q#2")]
        bound = {"div": texts, "spi": [*(f"receive() = {name}" for name in "abcdef"), *sends]}
        late = (
            "9 div > q#0 spi",
            "11 spi > e div",
            "13 spi > f div",
            "15 div > r#0 spi",
            "16 div > q#1 spi",
            "19 div > q#2 spi",
        )
        error = broken(schedule(bound, *self.LOAD, *late), **self.INPUTS, e=[8], f=[3])
        assert (error.variable, error.rule) == ("r#0", "lost: the next result took its place after tick 12")

    def test_results_come_in_order(self):
        error = broken(
            self.wide("13 div > q#1 spi", "14 div > q#0 spi", "15 div > r#0 spi", "16 div > r#1 spi"), **self.INPUTS
        )
        assert error.rule == "results come in order: q#0 is next"

    def test_too_early(self):
        error = broken(
            self.wide("8 div > q#0 spi", "12 div > r#0 spi", "13 div > q#1 spi", "14 div > r#1 spi"), **self.INPUTS
        )
        assert error.rule == "too early, the result is not ready: not before tick 9"

    def test_a_deeper_pipeline_is_slower(self):
        deep = Microarchitecture((UnitSpec("div", UnitType.DIVIDER, pipeline=6), UnitSpec("spi", UnitType.SPI)))
        planned = self.wide("9 div > q#0 spi", "12 div > r#0 spi", "13 div > q#1 spi", "14 div > r#1 spi")
        assert broken(planned, deep, **self.INPUTS).rule.endswith("not before tick 11")

    def test_arguments_of_one_division_at_a_time(self):
        error = broken(
            schedule(self.BOUND, "1 spi > a div", "3 spi > c div", "5 spi > b div", "7 spi > d div", "9 div > q#0 spi",
                     "11 div > r#0 spi", "13 div > q#1 spi", "15 div > r#1 spi"), **self.INPUTS)  # fmt: skip
        assert error.rule == "one division at a time waits for its arguments"

    def test_no_result_without_arguments(self):
        error = broken(
            schedule(self.BOUND, "1 spi > a div", "3 div > q#0 spi", "5 spi > b div", "7 spi > c div", "9 spi > d div",
                     "11 div > r#0 spi", "15 div > q#1 spi", "17 div > r#1 spi"), **self.INPUTS)  # fmt: skip
        assert error.rule == "no result yet: arguments are missing"

    def test_a_quotient_may_be_divided_again_but_not_as_the_second_argument(self):
        bound = {
            "div": ["k#0 / x = t; k#0 mod x = u", "k#1 / t = v; k#1 mod t = w"],
            "fram1": ["const(10.0) = k#0 = k#1"],
            "spi": ["receive() = x", "send(u)", "send(v)", "send(w)"],
        }
        head = ("1 spi > x div", "2 fram1 > k#0 div", "8 div > u spi")
        tail = ("16 div > v spi", "17 div > w spi")
        values = execute(schedule(bound, *head, "9 div > t div", "10 fram1 > k#1 div", *tail), x=[724])[0]
        assert (values["u"], values["w"], values["v"]) == (4, 2, 7)
        error = broken(
            schedule(bound, *head, "9 fram1 > k#1 div", "11 div > t div", "17 div > v spi", "18 div > w spi"), x=[1]
        )
        assert error.rule == "a result cannot go to a division that already has its other argument"
