"""The text form: it reads back, has one spelling, and says what is wrong with anything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from gymcc.envs.jitcse.text import MAX_CHARACTERS, read, read_lines, write, write_tree
from gymcc.envs.jitcse.trees import binary, constant, local
from gymcc.envs.jitcse.wellformed import MAX_DEPTH

MAX = "max(ii|i)i: @1 $2=lt($0,$1) branch($2) >1,2 @1 return($1) @1 return($0)"


@settings(max_examples=80)
@given(st.integers(0, 10**9))
def test_methods_read_back(seed):
    method = generate(seed)
    text = write(method)
    assert "\n" not in text
    assert read(text) == method
    assert write(read(text)) == text


@given(st.floats(allow_nan=False), st.integers(-(2**63), 2**63 - 1), st.floats(0, 1e300))
def test_constants_and_weights_read_back(number, whole, weight):
    statements = (
        constant(Type.DOUBLE, number),
        constant(Type.LONG, whole),
        Node(Op.RETURN, Type.VOID),
    )
    method = Method("m", (), 0, (Block(statements, (), weight),))
    again = read(write(method))
    assert write(again) == write(method)
    assert repr(again) == repr(method)  # tells 0.0 from -0.0


def test_the_spelling():
    assert read(MAX).blocks[0].statements[0] == Node(
        Op.STORE_LOCAL, Type.VOID, (Node(Op.LT, Type.INT, (local(0, Type.INT), local(1, Type.INT))),), 2
    )
    assert write(read(MAX)) == MAX
    head, body = MAX.split(": ")
    spaced = re.sub("([@(),>])", r" \1 ", body).replace("@ ", "@").replace(" (", "(").replace("$2=", "$2= ")
    assert write(read(f"  {head}: {spaced} ")) == MAX
    assert write_tree(read("m(o|)v*: @0.5 call.v:A.b(field.d24($0),handle.o8()) return()").blocks[0].statements[0]) == (
        "call.v:A.b(field.d24($0),handle.o8())"
    )
    assert read("m(o|)v*: @0.5 return()").profiled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: 'the end'; allowed: a head such as name"),
        ("a b(|)v: @1 return()", "column 1: 'a b"),
        ("m(x|)v: @1 return()", "column 1: 'm\\(x"),
        ("m(|)v: return()", "column 8: 'return\\(\\)'; allowed: a block's @ and weight"),
        ("m(|)v: @-1 return()", "weight -1.0; allowed: finite, >= 0"),
        ("m(|)v: @1 foo()", "column 11: unknown operation 'foo'; allowed: handle, field,"),
        ("m(|)v: @1 $0=i1 return()", "column 11: local 0 of 0, counted from 0"),
        ("m(|)v: @1 i1.5 return()", "column 11: constant 'i1.5'; allowed: a whole number after o, i and l"),
        ("m(|)v: @1 add(i1,i2 return()", "column 21: 'return\\(\\)'; allowed: ',' or '\\)'"),
        ("m(|)v: @1 add(", "column 15: 'the end'; allowed: a local such as \\$3"),
        ("m(|)v: @1 add()", "column 11: add without arguments"),
        ("m(|)v: @1 add.i(i1,i2)", "column 11: 'add.i\\(' has the wrong type or payload; written add\\(...\\)"),
        ("m(|)v: @1 field8(o0)", "written field.i8\\(...\\)"),
        ("m(|)v: @1 call.v3(o0)", "written call.i:name\\(...\\)"),
        ("m(|)v: @1 add(i1,l2) return()", "block 0, statement 0: add of type int with \\(int, long\\) breaks the rule"),
        ("m(|)v: @1 i9999999999 return()", "block 0, statement 0: const of type int"),
        ("m(|)v: @1 branch(i1) >1", "block 0: 1 successors, its last statement asks 2"),
        ("m(|)v: @1 return() >0", "block 0: 1 successors, its last statement asks 0"),
        ("m(|)v: @1 >1", "successor 1 of 1 blocks"),
        ("m(|)v: @1 >1 @1 >0", "the entry, block 0, has a predecessor"),
        ("m(|)v: @1 return() @1 return()", "block 1 cannot be reached"),
        ("m(|)v: @1 return() lt(i1,i2) >0", "statement 0: return not at the end"),
        ("m(|)v: @1 add(return(),i1) return()", "return inside a tree"),
        ("m(|)i: @1 return()", "return of type void with \\(\\) breaks the rule: a value of the method's result type"),
        ("m(|)v:", "no block"),
    ],
)
def test_malformed_text_says_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_size_and_depth_are_bounded():
    with pytest.raises(ValueError, match=f"a method of {MAX_CHARACTERS + 1} characters; allowed: {MAX_CHARACTERS}"):
        read("m" * (MAX_CHARACTERS + 1))
    deepest = "neg(" * (MAX_DEPTH - 2) + "i1" + ")" * (MAX_DEPTH - 2)
    assert read(f"m(|)i: @1 return({deepest})")
    for opening in ("neg(", "$0=", "comma("):
        with pytest.raises(ValueError, match=f"column .*a tree deeper than {MAX_DEPTH}"):
            read(f"m(|i)v: @1 {opening * 100_000}")


@settings(max_examples=300)
@given(st.integers(0, 30), st.data())
def test_any_damage_is_a_value_error_or_another_method(seed, data):
    text = write(generate(seed))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    damaged = text[:start] + data.draw(st.text("()|$@>,=.:-0159abdefilnosv \n\u0663", max_size=3)) + text[end:]
    try:
        method = read(damaged)
    except ValueError as error:
        assert str(error).startswith(("column ", "method "))  # noqa: PT017
    else:
        assert read(write(method)) == method


def test_files_name_the_line():
    lines = ["# two methods", MAX, "", MAX.replace("max", "min")]
    assert [method.name for method in read_lines(lines)] == ["max", "min"]
    with pytest.raises(ValueError, match="line 2, column 1: "):
        list(read_lines([MAX, "nonsense"]))
    with pytest.raises(ValueError, match="line 3: max again, first in line 1"):
        list(read_lines([MAX, "", MAX]))


def test_nan_constants_are_refused():
    method = Method("m", (), 0, (Block((constant(Type.DOUBLE, float("nan")), Node(Op.RETURN, Type.VOID)), ()),))
    with pytest.raises(ValueError, match="column 11: 'dnan return"):
        read(write(method))


def test_binary_trees_have_the_type_of_their_arguments():
    tree = binary(Op.ADD, constant(Type.LONG, 1), constant(Type.LONG, 2))
    assert read(f"m(|)l: @1 return({write_tree(tree)})").blocks[0].statements[0].args == (tree,)
