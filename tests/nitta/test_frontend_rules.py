"""Rules of the front end that the recorded inputs leave open, and how it refuses what it cannot take."""

from __future__ import annotations

import pickle
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.frontend import LuaError, compile_lua
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.numbers import NumberType
from tests.nitta.lua_programs import Lua, programs


def body(*statements: str) -> str:
    return "\n".join(["function f(a, b)", *statements, "f(a, b)", "end", "f(1, 2)"])


def texts(*statements: str) -> list[str]:
    return [function.text for function in compile_lua(body(*statements)).functions]


@pytest.mark.parametrize(
    ("bare", "grouped"),
    [
        ("a + b << 1", "(a + b) << 1"),
        ("a << 1 < b", "(a << 1) < b"),
        ("a + b * a", "a + (b * a)"),
        ("a - b - a", "(a - b) - a"),
        ("a / b * a", "(a / b) * a"),
        ("a << 1 >> 2", "(a << 1) >> 2"),
        ("not a < b", "(not a) < b"),
        ("-a * b", "(-a) * b"),
        ("a - -b", "a - (-b)"),
        ("a or b and a", "a or (b and a)"),
        ("a < b == a", "(a < b) == a"),
        ("a == b and b >= a", "(a == b) and (b >= a)"),
    ],
)
def test_precedence_is_that_of_lua(bare: str, grouped: str) -> None:
    assert texts(f"send({bare})") == texts(f"send({grouped})")


def test_a_named_constant_and_the_same_literal_stay_apart() -> None:
    found = texts("local k = 2", "send(a + k)", "send(b + 2)", "send(k * 2)")
    assert [text for text in found if text.startswith("const")] == [
        "const(2.000000) = k^0#0 = k^0#1",
        "const(2.000000) = !2#0 = !2#1",
    ]


def test_a_minus_sign_directly_before_a_number_belongs_to_it() -> None:
    assert "const(-2.000000) = !-2#0" in texts("send(a * -2)")
    assert "-!2#0 = _0#tmp" in texts("send(-(2))")
    assert "a^0#0 - !2#0 = _0#tmp" in texts("send(a -2)")


def test_each_assignment_numbers_its_values_and_old_values_stay() -> None:
    found = texts("local old = a", "a = a + b", "a = a * old", "send(a)")
    assert found[:3] == ["a^0#0 + b^0#0 = a^1#0", "a^1#0 * a^0#1 = a^2#0 = a^2#1", "send(a^2#0)"]


def test_intermediate_results_are_numbered_per_target() -> None:
    found = texts("local tmp = a * b + a", "send(tmp + 1 + b)", "tmp = a * b + b", "send(tmp)")
    assert [text for text in found if " = _" in text] == [
        "a^0#0 * b^0#0 = _0#tmp",
        "tmp^0#0 + !1#0 = _2#tmp",
        "_2#tmp + b^0#1 = _1#tmp",
        "a^0#2 * b^0#2 = _3#tmp",
    ]


def test_literals_take_the_number_type() -> None:
    source = "function f(a)\nsend(a * 2.75)\nf(a)\nend\nf(0.125)"
    found = compile_lua(source, number_type=NumberType.parse("fx24.32")).functions
    assert [str(f.detail) for f in found if f.kind in (Kind.CONSTANT, Kind.LOOP)] == ["2.750000", "0.125000"]
    assert [str(f.detail) for f in compile_lua(source).functions if f.kind is Kind.LOOP] == ["0.000000"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            body("x = a", "local y = a ~= b"),
            "line 3, column 13: '~=' is not supported; comparisons are ==, <, <=, >, >=",
        ),
        (body("x = a % b"), "line 2, column 7: '%' is not supported; operators are + - * /"),
        (body("if a then b = 1 end"), "line 2, column 1: 'if' is not supported; statements are assignments"),
        (body("x = a;"), "line 2, column 6: ';' is not supported"),
        (body("send(a, b)"), "line 2, column 1: 'send' takes 1 argument(s), 2 given"),
        (body("x = if_mux(a, b)"), "line 2, column 5: 'if_mux' takes 3 argument(s), 2 given"),
        (body("x = receive(a)"), "line 2, column 5: 'receive' takes 0 argument(s), 1 given"),
        (body("x = y"), "line 2, column 5: 'y' has no value here"),
        (body("x = x + 1"), "line 2, column 5: 'x' has no value here"),
        (body("x = g(a)"), "line 2, column 5: 'g' cannot be called here; allowed are receive()"),
        (body("receive()"), "line 2, column 1: 'receive' cannot be called here; allowed are send(x)"),
        (body("x, y = a"), "line 2, column 1: 2 names on the left, 1 values on the right"),
        (body("x, y, z = a / b"), "line 2, column 1: 3 names on the left, 1 values on the right"),
        (body("x = a << b"), "line 2, column 10: '<<' shifts by an integer literal"),
        (body("x = a >> 1.5"), "line 2, column 10: '>>' shifts by an integer literal"),
        (body("x = 'a'"), "line 2, column 5: ''a'' is not supported; strings may stand in debug.trace(...) only"),
        (body("x = 'a"), "line 2, column 5: the string is not closed"),
        (body("x = a ² b"), "line 2, column 7: the character '\\xb2' is not allowed"),
        (body("x = .5"), "line 2, column 5: '.5' is not a number of the form"),
        (body("x = 3000000000"), "line 2, column 5: 3000000000 does not fit into fx32.32"),
        (body("x = 1e999999999"), "line 2, column 5: '1e999999999' is not a number of the form"),
        (body("--[[ a"), "line 2, column 1: the comment is not closed; ']]' is missing"),
        (body("--[==[ a ]]"), "line 2, column 1: the comment is not closed; ']==]' is missing"),
        (body("math.abs(a)"), "line 2, column 1: 'math.abs' is not supported"),
        (body("f(a, b)"), "line 3, column 1: 'f' calls itself a second time"),
        (body("_x = a + b", "send(_x * _x)"), "line 3, column 11: '_x' is used twice"),
        (body("x = " + "(" * 5000), "line 2, column 155: the statement has more than 150 operators"),
        (body("x = a" + " + a" * 5000), "more than 150 operators"),
        (body("x = " + "not " * 5000 + "a"), "more than 150 operators"),
        (body("x = " + "- " * 5000 + "a"), "more than 150 operators"),
        (body("x = " + "buffer(" * 5000), "more than 150 operators"),
        ("function f(a)\nsend(a)\nend\nf(1)", "line 1, column 12: 'f' does not call itself as a statement"),
        ("function f(a, a)\nend\nf(1, 2)", "line 1, column 15: the parameter 'a' is named twice"),
        ("function f(a)\nf(a)\nend\nf()", "line 4, column 1: 'f' takes 1 argument(s), 0 given"),
        ("function f(a)\nf(a)\nend\nf(1 + 1)", "line 4, column 5: the call that starts the program takes numbers only"),
        ("function f()\nf()\nend", "line 3, column 4: expected the call of f"),
        ("function f()\nf()\nend\ng()", "line 4, column 1: 'g' is called, but the function is 'f'"),
        ("function g()\ng()\nend\nfunction f()\nf()\nend\nf()", "line 4, column 1: this is a second function"),
        ("local function f()\nf()\nend\nf()", "line 1, column 1: 'local' is not supported here"),
        ("function f()\nf()", "line 2, column 4: expected a statement or 'end', found the end of the source"),
        ("", "line 1, column 1: expected 'function'"),
        ("-" * 70_000, "line 1, column 1: the source has 70000 characters; at most 65536"),
    ],
)
def test_refusals_name_the_place_and_what_is_allowed(source: str, message: str) -> None:
    with pytest.raises(LuaError) as refusal:
        compile_lua(source)
    assert message in str(refusal.value)
    assert isinstance(refusal.value, ValueError)
    assert str(pickle.loads(pickle.dumps(refusal.value))) == str(refusal.value)


def test_the_longest_statement_that_is_allowed_compiles() -> None:
    for statement in ("x = " + "(" * 149 + "a" + ")" * 149, "x = a" + " + a" * 149, "x = " + "not " * 149 + "a"):
        compile_lua(body(statement, "send(x)"))


WORDS = (
    "function f ( a , ) end local x = + - * / << >> == ~= <= not and or receive() send(x) buffer( if_mux( debug.trace( "
    "f(1) return 1 2.5 0x1f 1e2 'q' -- --[[ ]] ; if then { } nil _u _ . .. 9"
)
PIECES = st.sampled_from([*WORDS.split(), "\n", " ", "\t", "é", "\0", '"'])


def accept_or_refuse(source: str) -> None:
    with suppress(LuaError):
        compile_lua(source)


@settings(max_examples=150, deadline=None)
@given(st.text() | st.lists(PIECES).map(" ".join))
def test_any_text_is_compiled_or_refused(source: str) -> None:
    accept_or_refuse(source)


@settings(max_examples=150, deadline=None)
@given(programs(), st.data())
def test_a_damaged_program_is_compiled_or_refused(lua: Lua, data: st.DataObject) -> None:
    source = lua.text(False)
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, min(start + 9, len(source))))
    accept_or_refuse(source[:start] + data.draw(PIECES) + source[end:])
