"""Values of single functions, and that refactoring an algorithm leaves its values as they are."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.evaluate import compute, evaluate, receives, value_name
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Function, Kind, acc, constant
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.program import Program
from tests.nitta.lua_programs import Lua, programs
from tests.nitta.test_frontend import TRACES, header
from tests.nitta.test_frontend_programs import INBOX, ITERATIONS, named, stream

FRACTIONAL = NumberType(24, 32)
RAW = st.integers(-(2**31), 2**31 - 1)


def value(kind: Kind, *inputs: float, detail: object = None, of: NumberType = FRACTIONAL) -> float | tuple[float, ...]:
    names = tuple(f"i{at}" for at in range(len(inputs)))
    groups = [["q"], ["r"]] if kind is Kind.DIVISION else [["o"]]
    results = tuple(map(float, compute(Function(kind, names, groups, detail), [of.of(x) for x in inputs], of)))
    return results if len(results) > 1 else results[0]


@pytest.mark.parametrize(
    ("kind", "inputs", "detail", "expected"),
    [
        (Kind.ADD, (2.5, 0.25), None, 2.75),
        (Kind.ADD, (2.0**23 - 1, 1), None, -(2.0**23)),
        (Kind.SUB, (2, 5), None, -3),
        (Kind.NEG, (-(2.0**23),), None, -(2.0**23)),
        (Kind.MULTIPLY, (2.5, -1.5), None, -3.75),
        (Kind.MULTIPLY, (-1 / 256, 0.5), None, -1 / 256),
        (Kind.DIVISION, (7.5, 2), None, (3, 1.5)),
        (Kind.DIVISION, (-7.5, 2), None, (-3, -1.5)),
        (Kind.DIVISION, (7.5, -2), None, (-3, 1.5)),
        (Kind.DIVISION, (7.5, 0), None, (0, 7.5)),
        (Kind.SHIFT_LEFT, (1.5,), 2, 6),
        (Kind.SHIFT_LEFT, (1.5,), 1000, 0),
        (Kind.SHIFT_RIGHT, (-1.5,), 1, -0.75),
        (Kind.SHIFT_RIGHT, (-1.5,), 1000, -1 / 256),
        (Kind.COMPARE, (2, 2), "CmpEq", 1),
        (Kind.COMPARE, (2, 2), "CmpLt", 0),
        (Kind.COMPARE, (2, 2), "CmpLte", 1),
        (Kind.COMPARE, (-2, 2), "CmpGt", 0),
        (Kind.COMPARE, (2, -2), "CmpGte", 1),
        (Kind.AND, (0.5, -3), None, 1),
        (Kind.AND, (0, 1), None, 0),
        (Kind.OR, (0, 0.5), None, 1),
        (Kind.NOT, (0.5,), None, 0),
        (Kind.MUX, (0, 5, 6), None, 5),
        (Kind.MUX, (-0.5, 5, 6), None, 6),
        (Kind.BUFFER, (2.5,), None, 2.5),
        (Kind.BROKEN_BUFFER, (2.5,), None, 2.5),
    ],
)
def test_each_kind_of_function(kind: Kind, inputs: tuple[float, ...], detail: object, expected: object) -> None:
    assert value(kind, *inputs, detail=detail) == expected


@given(RAW, RAW, st.sampled_from([DEFAULT_TYPE, FRACTIONAL]))
def test_quotient_and_remainder_give_the_numerator_back(numerator: int, denominator: int, of: NumberType) -> None:
    function = Function(Kind.DIVISION, ("n", "d"), [["q"], ["r"]])
    quotient, remainder = compute(function, [of.raw(numerator), of.raw(denominator)], of)
    whole = quotient.raw >> of.fraction_bits
    assert of.raw(whole * denominator + remainder.raw).raw == numerator
    assert denominator == 0 or abs(remainder.raw) < abs(denominator)
    assert remainder.raw * numerator >= 0


@given(st.lists(st.tuples(st.sampled_from("+-"), RAW), min_size=1, max_size=6), st.integers(0, 5))
def test_an_accumulation_pulls_the_sum_so_far(pushes: list[tuple[str, int]], place: int) -> None:
    steps = [(sign, (f"i{at}",)) for at, (sign, _) in enumerate(pushes)]
    place = 1 + place % len(steps)
    chain = acc([*steps[:place], ("=", ("o", "p")), *steps[place:], ("=", ("q",))])
    results = compute(chain, [DEFAULT_TYPE.raw(raw) for _, raw in pushes], DEFAULT_TYPE)
    signed = [raw if sign == "+" else -raw for sign, raw in pushes]
    assert results == (DEFAULT_TYPE.raw(sum(signed[:place])), DEFAULT_TYPE.raw(sum(signed)))


def test_constants_sends_and_functions_without_a_value() -> None:
    five = DEFAULT_TYPE.of(5)
    assert compute(constant(five, ["a", "b"]), [], DEFAULT_TYPE) == (five,)
    assert compute(Function(Kind.SEND, ("a",), []), [five], DEFAULT_TYPE) == ()
    with pytest.raises(ValueError, match=r"receive\(\) = a.*no function of its inputs"):
        compute(Function(Kind.RECEIVE, (), [["a"]]), [], DEFAULT_TYPE)
    with pytest.raises(ValueError, match="2 inputs, 1 values given"):
        compute(Function(Kind.ADD, ("a", "b"), [["c"]]), [five], DEFAULT_TYPE)
    with pytest.raises(ValueError, match="two data inputs"):
        compute(Function(Kind.MUX, ("s", "a", "b", "c"), [["o"]]), [five] * 4, DEFAULT_TYPE)


def test_recorded_folding_computes_the_same_constants() -> None:
    """A NITTA server folded 2 * 3 + 4, its division by 4 and a shift; the recorded constants are the oracle."""
    values = evaluate(compile_lua(header("foldmul")["program"]), 1, {})[0]
    recorded = {"_0#k": "6.000000", "k^0#0": "10.000000", "h^0#0": "2.000000", "g^0#0": "2.000000", "_2#r": "16.000000"}
    assert {variable: str(values[variable]) for variable in recorded} == recorded


def test_loops_feed_back_and_values_are_received_by_name() -> None:
    program = compile_lua("function f(s, t)\nlocal x = receive()\nsend(s + x)\nf(s + t + receive(), x)\nend\nf(10, 20)")
    assert receives(program) == ("x^0", "_2#loop")
    columns = {"x^0": [1, 2, 3], "_2#loop": [100, 200, 300]}
    received = {name: [DEFAULT_TYPE.of(number) for number in column] for name, column in columns.items()}
    sent = next(f.inputs[0] for f in program.functions if f.kind is Kind.SEND)
    assert [float(values[sent]) for values in evaluate(program, 3, received)] == [11, 132, 334]
    with pytest.raises(ValueError, match="4 values to receive for x\\^0 are needed, 3 given"):
        evaluate(program, 4, received)


def test_programs_that_compute_nothing_are_refused() -> None:
    add = Function(Kind.ADD, ("a", "b"), [["a"]])
    one = constant(DEFAULT_TYPE.of(1), ["b"])
    with pytest.raises(ValueError, match="waits for its own output"):
        evaluate(Program("p", (add, one)), 1, {})
    with pytest.raises(ValueError, match="nothing produces 'a'"):
        evaluate(Program("p", (Function(Kind.SEND, ("a",), []),)), 1, {})
    with pytest.raises(ValueError, match="'b' is produced by"):
        evaluate(Program("p", (one, constant(DEFAULT_TYPE.of(2), ["b"]))), 1, {})
    with pytest.raises(ValueError, match="needs one LoopEnd"):
        evaluate(Program("p", (Function(Kind.LOOP_BEGIN, (), [["b"]], DEFAULT_TYPE.of(2)),)), 1, {})


def with_broken_loops(functions: tuple[Function, ...]) -> tuple[Function, ...]:
    """Each loop as its two halves."""
    halves: list[Function] = []
    for f in functions:
        if f.kind is Kind.LOOP:
            halves.append(Function(Kind.LOOP_BEGIN, (), f.outputs, f.detail))
            halves.append(Function(Kind.LOOP_END, f.inputs, [], f.outputs[0]))
        else:
            halves.append(f)
    return tuple(halves)


def with_buffer(functions: tuple[Function, ...], behind: frozenset[str]) -> tuple[Function, ...]:
    """A buffer between the producer of these variables and their consumers, as NITTA inserts it."""
    name = min(behind) + "@buf"
    renamed = [f.renamed({}, dict.fromkeys(behind, name)) for f in functions]
    return (Function(Kind.BUFFER, (name,), [behind]), *renamed)


def with_truth_tables(functions: tuple[Function, ...]) -> tuple[Function, ...]:
    """Logic as tables, whose rows are all combinations of the inputs."""
    rules = {Kind.AND: all, Kind.OR: any, Kind.NOT: lambda row: not row[0]}
    tables = []
    for f in functions:
        if f.kind in rules:
            rows = [(False,), (True,)]
            if f.kind is not Kind.NOT:
                rows = [(a, b) for (a,) in rows for b in (False, True)]
            f = Function(Kind.TRUTH_TABLE, f.inputs, f.outputs, tuple((row, bool(rules[f.kind](row))) for row in rows))
        tables.append(f)
    return tuple(tables)


def with_accumulations(functions: tuple[Function, ...]) -> tuple[Function, ...]:
    """Sums and differences as chains of the accumulator."""
    signs = {Kind.ADD: "++", Kind.SUB: "+-", Kind.NEG: "-"}
    return tuple(
        acc([*((s, (v,)) for s, v in zip(signs[f.kind], f.inputs, strict=True)), ("=", f.outputs[0])])
        if f.kind in signs and f.outputs[0]
        else f
        for f in functions
    )


@settings(max_examples=100, deadline=None)
@given(programs(), INBOX, st.data())
def test_refactoring_keeps_every_value(lua: Lua, raws: list[int], data: st.DataObject) -> None:
    program = compile_lua(lua.text(False))
    received = named(program, stream(program, raws))
    functions = with_accumulations(with_truth_tables(with_broken_loops(program.functions)))
    groups = [group for f in program.functions for group in f.outputs if group]
    assume(groups)
    for group in data.draw(st.lists(st.sampled_from(groups), max_size=3, unique=True)):
        behind = data.draw(st.sets(st.sampled_from(group), min_size=1))
        functions = with_buffer(functions, frozenset(behind))
    functions = tuple(data.draw(st.permutations(functions)))
    before = evaluate(program, ITERATIONS, received)
    after = evaluate(Program("p", functions), ITERATIONS, received)
    assert [{v: values[v] for v in values if not v.endswith("@buf")} for values in after] == before


@pytest.mark.parametrize("name", TRACES)
def test_recorded_programs_evaluate(name: str) -> None:
    """Every variable has a value in every iteration."""
    program = compile_lua(header(name)["program"])
    received = {name: [DEFAULT_TYPE.of(7)] * 4 for name in receives(program)}
    for values in evaluate(program, 4, received):
        assert values.keys() == {variable for f in program.functions for variable in f.variables}


def test_a_clamp_limits_and_digits_are_digits() -> None:
    clamp, digits = (compile_lua(header(name)["program"]) for name in ("clamp", "digits"))
    inputs = [-40, -16, -3, 15, 99]
    received = {"x^0": [DEFAULT_TYPE.of(x) for x in inputs]}
    assert [float(v["z^0#0"]) for v in evaluate(clamp, 5, received)] == [max(-16, min(15, x)) for x in inputs]
    for values, x in zip(evaluate(digits, 5, received), inputs, strict=True):
        units, tens, rest = (Fraction(values[v].raw) for v in ("units^0#0", "tens^0#0", "rest^0#0"))
        assert units + 10 * tens + 100 * rest == x


def test_a_name_survives_the_insertion_of_buffers() -> None:
    assert value_name("x^0#3") == value_name("x^0#1@buf") == "x^0"
    assert value_name("_2#tmp@buf@buf") == "_2#tmp"
    assert re.fullmatch(r"x&\^1", value_name("x&^1#0"))
