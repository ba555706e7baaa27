"""Random programs: the front end and the evaluation together do what the source says."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.evaluate import evaluate, value_name
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.numbers import Fixed, NumberType
from gymcc.envs.nitta.program import Program
from tests.nitta.lua_programs import Interpreter, Lua, programs

TYPES = st.sampled_from([NumberType(32, 32), NumberType(24, 32), NumberType(9, 12)])
ITERATIONS = 3
INBOX = st.lists(st.integers(-(2**40), 2**40) | st.integers(-9, 9), min_size=1, max_size=12)


def stream(program: Program, raws: list[int]) -> list[list[Fixed]]:
    """One value per receive function and iteration, from ``raws`` again and again."""
    count = sum(function.kind is Kind.RECEIVE for function in program.functions)
    flat = [program.number_type.raw(raws[at % len(raws)]) for at in range(count * ITERATIONS)]
    return [flat[at * count : (at + 1) * count] for at in range(ITERATIONS)]


def exact(value: Fixed) -> Fraction:
    return Fraction(value.raw, 2**value.type.fraction_bits)


def interpreted(lua: Lua, program: Program, inbox: list[list[Fixed]]) -> list[list[Fraction]]:
    """What the oracle sends in each iteration."""
    number_type, sent = program.number_type, []
    oracle = Interpreter(number_type.integer_bits, number_type.bits, [])
    names = {name: oracle.number(first) for name, first in zip(lua.parameters, lua.first, strict=True)}
    for row in inbox:
        oracle.inbox = [exact(value) for value in row]
        values, names = oracle.iteration(lua, names)
        assert not oracle.inbox
        sent.append(values)
    return sent


def named(program: Program, inbox: list[list[Fixed]]) -> dict[str, list[Fixed]]:
    """The columns of the inbox under the names of the values they become."""
    groups = [function.outputs[0] for function in program.functions if function.kind is Kind.RECEIVE]
    return {value_name(group[0]): [row[at] for row in inbox] for at, group in enumerate(groups) if group}


def evaluated(program: Program, inbox: list[list[Fixed]]) -> list[list[Fraction]]:
    received = named(program, inbox)
    sends = [function.inputs[0] for function in program.functions if function.kind is Kind.SEND]
    return [[exact(values[v]) for v in sends] for values in evaluate(program, ITERATIONS, received)]


@settings(max_examples=150, deadline=None)
@given(programs(), TYPES, INBOX, st.booleans())
def test_evaluation_equals_the_interpreter_of_the_source(
    lua: Lua, number_type: NumberType, raws: list[int], all_parentheses: bool
) -> None:
    program = compile_lua(lua.text(all_parentheses), number_type=number_type)
    inbox = stream(program, raws)
    assert evaluated(program, inbox) == interpreted(lua, program, inbox)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_each_variable_has_one_producer_and_one_consumer(lua: Lua) -> None:
    program = compile_lua(lua.text(False))
    produced = Counter(v for f in program.functions for group in f.outputs for v in group)
    consumed = Counter(v for f in program.functions for v in f.inputs)
    assert produced == consumed
    assert set(produced.values()) <= {1}


@settings(max_examples=30, deadline=None)
@given(programs())
def test_superfluous_parentheses_and_repetition_change_nothing(lua: Lua) -> None:
    program = compile_lua(lua.text(False))
    assert program == compile_lua(lua.text(False))
    assert program.functions == compile_lua(lua.text(True)).functions
