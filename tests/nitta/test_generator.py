"""Random programs: exactly as large as asked for, nothing left over, the same everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from hashlib import blake2b
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.nitta.evaluate import evaluate, receives
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.generator import SIZES, Size, generate
from gymcc.envs.nitta.generator.size import MAX_FUNCTIONS, SHARES, SPI_DEPTH, draw_size
from gymcc.envs.nitta.simulator.check import draw_value

seeds = st.integers(0, 10**9)
shares = st.lists(st.floats(0, 1), min_size=5, max_size=5).map(lambda w: [x / max(1.0, sum(w)) * 0.99 for x in w])


@st.composite
def sizes(draw):
    inputs, loops = draw(st.integers(0, SPI_DEPTH)), draw(st.integers(0, 8))
    assume(inputs + loops)
    outputs = draw(st.integers(1, SPI_DEPTH))
    least = Size(MAX_FUNCTIONS, inputs, outputs, loops).least_functions
    functions = draw(st.integers(least, least + 40))
    return Size(functions, inputs, outputs, loops, draw(st.integers(0, 8)), *draw(shares), draw(st.floats(0, 1)))


def assert_sound(source: str, functions: int) -> Counter[Kind]:
    program = compile_lua(source, "random")
    assert len(program.functions) == functions
    kinds = Counter(function.kind for function in program.functions)
    assert kinds[Kind.RECEIVE] <= SPI_DEPTH
    assert 1 <= kinds[Kind.SEND] <= SPI_DEPTH
    for function in program.functions:
        if function.outputs:
            assert any(function.outputs), f"nobody uses {function.text}"
    random = Random(0)
    inputs = {name: [draw_value(random, program.number_type) for _ in range(3)] for name in receives(program)}
    assert len(evaluate(program, 3, inputs)) == 3
    return kinds


@settings(max_examples=120)
@given(seeds, sizes())
def test_a_program_has_just_the_size_asked_for(seed, size):
    kinds = assert_sound(generate(seed, size), size.functions)
    assert (kinds[Kind.RECEIVE], kinds[Kind.SEND], kinds[Kind.LOOP]) == (size.inputs, size.outputs, size.loops)
    assert kinds[Kind.CONSTANT] <= size.constants


@settings(max_examples=80)
@given(seeds, st.sampled_from(list(SIZES)))
def test_the_named_sizes(seed, name):
    source = generate(seed, name)
    functions = int(re.match(r"-- random program \d+, (\d+) functions", source)[1])
    fewest, most = SIZES[name]
    assert fewest <= functions <= most
    assert_sound(source, functions)


@settings(max_examples=60)
@given(seeds, sizes())
def test_no_memory_has_to_write_to_itself(seed, size):
    """Loops that hand values on form chains: a loop that feeds itself, or a ring of three, could never be bound."""
    program = compile_lua(generate(seed, size), "random")
    feeds = {variable: f for f in program.functions if f.kind is Kind.LOOP for variable in f.produced}
    for function in program.functions:
        seen = set()
        while function.kind is Kind.LOOP and function.inputs[0] in feeds:
            function = feeds[function.inputs[0]]
            assert function not in seen
            seen.add(function)


@pytest.mark.parametrize(
    ("share", "kinds"),
    [
        ("multiply", {Kind.MULTIPLY}),
        ("divide", {Kind.DIVISION}),
        ("logic", {Kind.COMPARE, Kind.AND, Kind.OR, Kind.NOT}),
        ("mux", {Kind.MUX}),
        ("shift", {Kind.SHIFT_LEFT, Kind.SHIFT_RIGHT}),
        ("buffers", {Kind.BUFFER}),
    ],
)
def test_shares_are_heeded(share, kinds):
    none = dict.fromkeys((*SHARES, "buffers"), 0.0)
    for value, least, most in ((0.0, 0, 0), (0.8, 38, 150)):
        size = Size(120, inputs=2, outputs=3, constants=0, **{**none, share: value})
        counts = assert_sound(generate(1, size), 120)
        assert least <= sum(counts[kind] for kind in kinds) <= most


def test_every_kind_of_function_occurs():
    kinds = Counter()
    for name in SIZES:
        for seed in range(60):
            kinds.update(function.kind for function in compile_lua(generate(seed, name), "random").functions)
    computed = set(Kind) - {Kind.LOOP_BEGIN, Kind.LOOP_END, Kind.BROKEN_BUFFER, Kind.ACC, Kind.TRUTH_TABLE}
    assert computed <= kinds.keys()


def test_the_same_in_another_process():
    command = "from gymcc.envs.nitta.generator import generate; print(generate(7, 'hard'), end='')"
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        other = subprocess.run(
            [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True
        )
        assert other.stdout == generate(7, "hard")


def test_seeds_and_sizes_differ():
    assert len({generate(seed, "medium") for seed in range(50)}) == 50
    assert generate(1, Size(12)) != generate(1, Size(13))


@settings(max_examples=50)
@given(seeds, st.sampled_from(list(SIZES)))
def test_drawn_sizes_are_valid(seed, name):
    size = draw_size(Random(seed), name)
    assert SIZES[name][0] <= size.functions <= SIZES[name][1]


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"functions": 0}, "functions=0 of a program is not from 1 to 200"),
        ({"functions": 20, "inputs": 7}, "inputs=7 of a program is not from 0 to 6"),
        ({"functions": 20, "outputs": 0}, "outputs=0 of a program is not from 1 to 6"),
        ({"functions": 20, "loops": -1}, "loops=-1 of a program is not from 0 to 16"),
        ({"functions": 20, "shift": 1.5}, r"shift=1\.5 of a program is not from 0\.0 to 1\.0"),
        (
            {"functions": 20, "multiply": 0.6, "divide": 0.6},
            r"the shares of multiply, .* add up to 1\.\d+, more than 1",
        ),
        ({"functions": 20, "inputs": 0}, "needs an input or a loop"),
        ({"functions": 8, "inputs": 6}, "functions=8 is too few here: at least 12"),
    ],
)
def test_impossible_sizes_are_refused(knobs, message):
    with pytest.raises(ValueError, match=message):
        Size(**knobs)


def test_an_unknown_size_is_named():
    with pytest.raises(
        ValueError, match="unknown size 'huge' of a program; allowed: tiny, small, medium, hard, or a Size"
    ):
        generate(0, "huge")


@pytest.mark.parametrize(
    ("size", "checksum"),
    [
        ("tiny", "6bada3131a6ff260"),
        ("small", "296227fe76f621bf"),
        ("medium", "90134cb0e455135e"),
        ("hard", "0b73431a5f8133ab"),
    ],
)
def test_a_seed_stands_for_the_same_program_for_ever(size, checksum):
    """Ids, splits and what was learned depend on it."""
    text = "".join(generate(seed, size) for seed in range(50))
    assert blake2b(text.encode(), digest_size=8).hexdigest() == checksum
