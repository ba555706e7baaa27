"""Refactorings keep what a program computes, and become the functions that NITTA makes of them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.nitta.evaluate import evaluate, receives
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Function, Kind, acc
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.options.accumulate import merge
from gymcc.envs.nitta.options.logic import to_table
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.tree import Node, open_tree

REFACTORINGS = ("OptimizeAccum", "OptimizeLogicalUnit", "ConstantFolding")
TYPE = NumberType.parse("fx32.32")


def lua(body: str) -> Node:
    return open_tree(compile_lua(f"function f(p)\n{body}\nend\nf(3)"))


def chosen(node: Node, *kinds: str) -> Node:
    """The node after the first option of each kind."""
    for kind in kinds:
        node = node.child(next(at for at, option in enumerate(node.options) if option.kind == kind))
    return node


def texts(node: Node) -> set[str]:
    return {function.text for function in node.state.algorithm.functions}


def add(*names: str) -> Function:
    return Function(Kind.ADD, names[:2], [names[2:]])


def sub(*names: str) -> Function:
    return Function(Kind.SUB, names[:2], [names[2:]])


@pytest.mark.parametrize(
    ("producer", "consumer", "merged"),
    [
        (add("a", "b", "x"), add("x", "c", "y"), "Acc(+a +b +c = y)"),
        (add("a", "b", "x"), sub("c", "x", "y"), "Acc(+c -a -b = y)"),
        (sub("a", "b", "x"), sub("c", "x", "y"), "Acc(+c -a +b = y)"),
        (sub("a", "b", "x"), Function(Kind.NEG, ("x",), [["y"]]), "Acc(-a +b = y)"),
        (Function(Kind.NEG, ("a",), [["x"]]), sub("x", "b", "y", "z"), "Acc(-a -b = y, = z)"),
        (
            acc([("-", ("a",)), ("+", ("b",)), ("=", ("x",))]),
            acc([("+", ("c",)), ("=", ("d",)), ("-", ("x",)), ("=", ("e", "f"))]),
            "Acc(+c = d, +a -b = e, = f)",
        ),
    ],
)
def test_a_chain_pushes_what_was_pushed_with_the_sign_it_has_in_the_sum(producer, consumer, merged):
    assert merge(consumer, producer).text == merged


@given(st.lists(st.sampled_from("+-"), min_size=3, max_size=3), st.lists(st.integers(-50, 50), min_size=4, max_size=4))
def test_merged_chains_compute_the_same(signs, numbers):
    one, two, three = signs
    sums = f"send(a {one} (b {two} (c {three} d)) + p)"
    node = lua(f"local a, b, c, d = receive(), receive(), receive(), receive()\n{sums}\nf(p)")
    wanted = sent(node, numbers)
    while "OptimizeAccum" in [option.kind for option in node.options]:
        node = chosen(node, "OptimizeAccum")
        assert sent(node, numbers) == wanted
    assert sum(text.startswith("Acc") for text in texts(node)) == 1


def sent(node: Node, numbers: list[int]) -> list[int]:
    """What one iteration sends after it received the numbers."""
    functions = node.state.algorithm.functions
    program = Program("x", functions, TYPE)
    received = {name: [TYPE.of(number)] for name, number in zip(sorted(receives(program)), numbers, strict=True)}
    values = evaluate(program, 1, received)[0]
    return [values[f.inputs[0]].raw for f in functions if f.kind is Kind.SEND]


def test_only_what_has_a_single_output_is_merged():
    node = lua("local a = receive()\nlocal b = a + p\nsend(b)\nf(b + a)")
    assert "OptimizeAccum" not in [option.kind for option in node.options]


def test_folded_divisions_become_a_constant_for_each_variable():
    node = lua("local q, r = 17 / 5\nsend(q + p)\nsend(r + p)\nsend(r * p)\nf(p + 1)")
    after = texts(chosen(node, "ConstantFolding"))
    constants = sorted(text for text in after if text.startswith("const"))
    assert [text[6:9] for text in constants] == ["1.0", "2.0", "2.0", "3.0"]
    assert all(text.count("=") == 1 for text in constants)


def test_a_loop_that_is_fed_a_constant_becomes_its_first_value():
    """NITTA simulates a single cycle to fold."""
    node = lua("send(p * receive())\nf(7)")
    after = texts(chosen(node, "ConstantFolding"))
    assert not any(text.startswith("loop") for text in after)
    assert any(text.startswith("const(3.000000) = p^0#0") for text in after)


@pytest.mark.parametrize(("kind", "function"), [(Kind.AND, lambda a, b: a and b), (Kind.OR, lambda a, b: a or b)])
def test_tables_have_every_row(kind, function):
    table = to_table(Function(kind, ("a", "b"), [["c"]]))
    assert dict(table.detail) == {row: function(*row) for row in product((False, True), repeat=2)}


def test_a_chain_of_logic_is_one_table():
    node = lua("local a, b = receive(), receive()\nlocal c = (a < b) and not (b < p)\nsend(if_mux(c, a, b))\nf(p)")
    (table,) = (text for text in texts(chosen(node, "OptimizeLogicalUnit")) if text.startswith("TruthTable"))
    assert table.count("([") == 4
    assert table.count("True)") == 1
