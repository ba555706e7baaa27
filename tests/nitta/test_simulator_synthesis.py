"""The semantics law: whatever way leads to a complete schedule, it computes the program."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gymcc.envs.nitta.toml
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.generator import generate
from gymcc.envs.nitta.library import TIERS, shipped_sources
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.numbers import NumberType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.simulator import check
from gymcc.envs.nitta.toml import load_microarchitecture
from gymcc.envs.nitta.tree import Node, open_tree

from .descents import descend, shipped, solutions

FILES = Path(gymcc.envs.nitta.toml.__file__).parent / "data" / "uarch"
TYPES = [NumberType.parse(name) for name in ("fx32.32", "fx24.32", "fx11.11", "fx11.30", "fx64.64")]


def complete_leaf(
    program: Program, seed: int, microarchitecture: Microarchitecture = DEFAULT, groups: str = "obvious"
) -> Node | None:
    """A leaf of a random way down whose schedule was checked; None where the way ended without one."""
    leaf = descend(open_tree(program, microarchitecture, groups), Random(seed))
    if leaf is None or not leaf.is_complete:
        return None
    check(leaf.schedule(), program, microarchitecture, seed, iterations=4)
    return leaf


@pytest.mark.parametrize("tier", TIERS)
def test_random_schedules_of_the_shipped_programs(tier):
    names = [name for name in shipped_sources() if name.startswith(f"{tier}/")]
    ways = {"tiny": 12, "small": 8, "medium": 4, "hard": 2}[tier]
    leaves = [complete_leaf(shipped(name), seed) for name in names for seed in range(ways)]
    found = sum(leaf is not None for leaf in leaves)
    assert found >= {"tiny": 220, "small": 100, "medium": 15, "hard": 1}[tier]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(("tiny", "small", "medium")))
def test_random_schedules_of_generated_programs(seed, size):
    complete_leaf(compile_lua(generate(seed, size), "generated"), seed)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(("tiny", "small")))
def test_random_schedules_with_all_group_binds(seed, size):
    complete_leaf(compile_lua(generate(seed, size), "generated"), seed, groups="nitta")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(("auto", "two_accumulators", "tight")))
def test_random_schedules_on_other_microarchitectures(seed, file):
    program = compile_lua(generate(seed, "small"), "generated")
    complete_leaf(program, seed, load_microarchitecture(FILES / f"{file}.toml"))


def test_allocated_units_take_part():
    machine = load_microarchitecture(FILES / "auto.toml")
    leaves = [complete_leaf(shipped("small/fir2"), seed, machine) for seed in range(12)]
    used = {tag for leaf in leaves if leaf for tag, functions in leaf.schedule().bound if functions}
    assert {"spi", "net1_accum1", "net1_mul1"} <= used


@pytest.mark.parametrize("number_type", TYPES, ids=str)
def test_schedules_hold_for_any_number_type(number_type):
    for name in ("small/fahrenheit", "small/collatz", "medium/taylor", "medium/kalman1", "hard/sensor"):
        program = shipped(name, number_type)
        node = open_tree(program, group_binds="obvious").at(solutions()[name])
        check(node.schedule(), program, DEFAULT)


def test_three_divisions_at_once():
    """Waiting results keep the first deadline they get."""
    source = """function f()
        local a, b, c = receive(), receive(), receive()
        local q, r = a / b
        local s, t = b / c
        local u, v = c / a
        send(q + r)
        send(s + t)
        send(u + v)
        f()
    end
    f()"""
    leaves = [complete_leaf(compile_lua(source), seed) for seed in range(60)]
    assert sum(leaf is not None for leaf in leaves) > 10
