"""Arithmetic against independent oracles: numpy's fixed widths, fractions for rounding."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gymcc.envs.jitcse.interpreter.values import DivideByZero, binary, bits_of, convert, shown, unary
from gymcc.envs.jitcse.ir import Op, Type

EDGES = [0, 1, -1, 2, 3, 7, 31, 32, 63, 64, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]
WIDTHS = {Type.INT: np.int32, Type.LONG: np.int64}
FLOATS = st.floats() | st.sampled_from([0.0, -0.0, 1.5, math.inf, -math.inf, math.nan])


@st.composite
def pairs(draw):
    kind = draw(st.sampled_from(list(WIDTHS)))
    info = np.iinfo(WIDTHS[kind])
    whole = st.integers(int(info.min), int(info.max)) | st.sampled_from(
        [edge for edge in EDGES if info.min <= edge <= info.max]
    )
    return kind, draw(whole), draw(whole)


@given(pairs())
def test_whole_numbers_wrap_as_numpys(case):
    kind, a, b = case
    width = WIDTHS[kind]
    left, right = np.array([a], width), np.array([b], width)
    with np.errstate(all="ignore"):
        for op, expected in (
            (Op.ADD, left + right),
            (Op.SUB, left - right),
            (Op.MUL, left * right),
            (Op.AND, left & right),
            (Op.OR, left | right),
            (Op.XOR, left ^ right),
        ):
            assert binary(op, kind, a, b) == int(expected[0]), op
        assert unary(Op.NEG, kind, a) == int((-left)[0])
        assert unary(Op.NOT, kind, a) == int((~left)[0])


@given(pairs())
def test_division_truncates_and_only_zero_throws(case):
    kind, a, b = case
    if b == 0:
        for op in (Op.DIV, Op.MOD):
            with pytest.raises(DivideByZero):
                binary(op, kind, a, b)
        return
    quotient, rest = binary(Op.DIV, kind, a, b), binary(Op.MOD, kind, a, b)
    exact = Fraction(a, b)
    truncated = math.trunc(exact)
    info = np.iinfo(WIDTHS[kind])
    assert quotient == (truncated if truncated <= info.max else int(info.min))  # MIN / -1 wraps
    assert rest == a - truncated * b


@given(pairs())
def test_shift_counts_are_modulo_the_width(case):
    kind, a, b = case
    width = 32 if kind is Type.INT else 64
    count = b % width
    unsigned = (a << count) % 2**width
    assert binary(Op.LSH, kind, a, b) == unsigned - (2**width if unsigned >= 2 ** (width - 1) else 0)
    assert binary(Op.RSH, kind, a, b) == math.floor(Fraction(a, 2**count))


@given(FLOATS, FLOATS)
def test_floats_are_ieee(a, b):
    with np.errstate(all="ignore"):
        for kind, width in ((Type.DOUBLE, np.float64), (Type.FLOAT, np.float32)):
            left, right = width(a), width(b)
            for op, expected in (
                (Op.ADD, left + right),
                (Op.SUB, left - right),
                (Op.MUL, left * right),
                (Op.DIV, left / right),
                (Op.MOD, np.fmod(left, right)),
            ):
                found = binary(op, kind, float(left), float(right))
                assert shown(found) == shown(float(expected)), (op, kind)
            for op, holds in ((Op.LT, left < right), (Op.EQ, left == right), (Op.NE, left != right)):
                assert binary(op, Type.INT, float(left), float(right)) == int(holds)


@given(FLOATS)
def test_floats_to_whole_numbers_saturate(value):
    for kind, width in WIDTHS.items():
        info = np.iinfo(width)
        expected = 0 if math.isnan(value) else max(int(info.min), min(int(info.max), _truncated(value)))
        assert convert(kind, value) == expected


def _truncated(value: float) -> int:
    return math.trunc(value) if math.isfinite(value) else (2**70 if value > 0 else -(2**70))


@example(2**60 + 2**36 + 1)  # by way of DOUBLE it would look like a tie
@example(-(2**60) - 2**36 - 1)
@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_to_float_round_once(value):
    found = convert(Type.FLOAT, value)
    below, above = np.float32(found), np.float32(found)
    neighbours = [
        float(np.nextafter(below, np.float32(-np.inf))),
        found,
        float(np.nextafter(above, np.float32(np.inf))),
    ]
    errors = [abs(Fraction(each) - value) for each in neighbours]
    assert errors[1] == min(errors)
    assert convert(Type.DOUBLE, value) == float(value)
    assert convert(Type.INT, value) == int(np.array([value], np.int64).astype(np.int32)[0])


def test_traces_tell_floats_apart_and_nans_are_one():
    assert shown(0.0) != shown(-0.0)
    assert bits_of(0.0) != bits_of(-0.0)
    assert shown(math.nan) == shown(-math.nan)
    assert bits_of(math.nan) == bits_of(math.inf - math.inf)


def test_vectors_work_lane_by_lane():
    left, right = (1.0, 2.0, 0.1, -1.0), (0.5, 0.0, 0.2, -1.0)
    assert binary(Op.MUL, Type.SIMD, left, right)[:2] == (0.5, 0.0)
    assert binary(Op.ADD, Type.SIMD, left, right)[2] == float(np.float32(np.float32(0.1) + np.float32(0.2)))
    assert binary(Op.DIV, Type.SIMD, left, right)[1] == math.inf
    assert unary(Op.NEG, Type.SIMD, left) == (-1.0, -2.0, -0.1, 1.0)
